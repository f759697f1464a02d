"""How heavy a page may be before the decoder (a poor line at the counter)."""

MOST_BYTES = 150_000
COUNT_BYTES = """[...performance.getEntriesByType("navigation"),
          ...performance.getEntriesByType("resource")]
    .filter((each) => !each.name.includes("zxing"))
    .reduce((sum, each) => sum + each.encodedBodySize, 0)"""
