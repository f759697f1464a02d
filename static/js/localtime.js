// Adds the reader's local time to <time data-local>; the page itself says UTC.

const two = (number) => String(number).padStart(2, "0");

/** "10:42" or "2026-05-03 10:42" in this computer's time zone, with the zone's name. */
export function localText(date, reference = date) {
  const clock = `${two(date.getHours())}:${two(date.getMinutes())}`;
  const sameDay = date.getDate() === reference.getUTCDate();
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  const zone = new Intl.DateTimeFormat(document.documentElement.lang || "en", { timeZoneName: "short" })
    .formatToParts(date).find((part) => part.type === "timeZoneName")?.value ?? "";
  return `${sameDay ? "" : `${day} `}${clock} ${zone}`.trim();
}

/** "2026-05-03 10:42:07 UTC" */
export function utcText(date) {
  return `${date.toISOString().slice(0, 19).replace("T", " ")} UTC`;
}

export function showLocalTimes(root) {
  for (const time of root.querySelectorAll("time[data-local]")) {
    delete time.dataset.local;
    const date = new Date(time.dateTime);
    if (Number.isNaN(date.getTime()) || date.getTimezoneOffset() === 0) continue;
    const local = document.createElement("span");
    local.className = "local";
    local.textContent = ` (${localText(date)})`;
    time.append(local);
  }
}
