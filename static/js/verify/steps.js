// What one step of a verification showed. Mirrors core/steps.py; a finding carries its
// name and values too, so that a page can say it in another language.

const WORDS = {
  files: "{count} file(s) and a policy are read",
  envelope: "an envelope with {count} signature(s)",
  statement: "statement {id}, {kind} by {by}, for {ledger}",
  file_unseen: "its file of {count} event(s) was not shown",
  file_signed: "the file of {count} event(s) is the one that was signed",
  roots_unchecked:
    "{count} root(s) over the lines not checked: which packs a line moves stands in serial lists that are not here",
  root_recomputes: "the root over its lines recomputes",
  key_unknown: "signature of key {keyid}: not checked, no file shows this key",
  key_unrooted: "signature valid under key {keyid}, whose standing is not shown here",
  key_unrooted_lent: "signature valid under key {keyid}, lent to device key {device}, whose standing is not shown here",
  key_valid: "signature valid under key {keyid} of {gln} ({role})",
  key_valid_lent: "signature valid under key {keyid}, lent to device key {device} of {gln} ({role})",
  commitments: "every commitment recomputes; accepted {time}",
  leaves: "{count} leaf/leaves, one a subject",
  included: "included at index {places}",
  head: "signed head of {heads}",
  no_witness: "witnesses: no witness is asked for",
  quorum: "witnesses: quorum is met",
  bare: "a bare tlog-proof brings no map root",
  unrooted: "no map root is brought",
  map_root: "the map root is the last leaf, index {index}",
  no_map_roots: "not shown when the ledger took it in: no map roots around the leaves",
  first_run: "taken in at {time}, by the first run of the log",
  late: "late: accepted {accepted}, and not taken in at {before} but only at {time}",
  in_time: "taken in at {time}, the first run after it was accepted",
  stretch: "all leaves from index {first} to {last} are there",
  kept: "the receipt for {id} was kept",
  unproven: "a receipt for {id}, which no file here proves",
  begins_late: "the window begins too late to show what became of {id}",
  lacking:
    "the log does not hold what a receipt for {id} says, and nothing shows whose receipt it is: --genesis",
  ends_early: "what became of {id} is open: the window ends too early",
  open: "what became of {id} is open: the log has not come to its time",
  overdue:
    "what became of {id} is open: the log lacks it, and a quorum saw it so at {time}, after the time was over; " +
    "a later leaf will decide",
  pack: "GTIN {gtin}, lot {lot}, expiry {expiry}, serial {serial}: pack {number} of {size} of that lot",
  step_said: "{day}, {what} by {who}: said by the site, not proven to you",
  step_shown: "{what} by {by}, accepted {time}",
  unseen:
    "no witness is asked for, so how old the head is, is the log's own word; it took the statement in at {time}",
  seen: "a quorum had seen the head at {time}; nothing later is shown",
  age_ahead: "by this machine's clock that is to come: one of the clocks is wrong",
  answer: "at {time} {asker} was answered {verdict} ({code}) about GTIN {gtin}, lot {lot}, serial {serial}: signed by {ledger}",
  answer_unshown:
    "at {time} {asker} was answered {verdict} ({code}) about GTIN {gtin}, lot {lot}, serial {serial}: nobody shown",
  age: "by this machine's clock that is {count} {unit} ago",
};

/** `words` with the values in the places of their names. */
export const filled = (words, values) => words.replace(/\{([a-zA-Z]+)\}/g, (_, name) => String(values[name]));

/**
 * What step `step` showed: `isShown` false where it had nothing to check, `isDoubtful`
 * where it was checked, holds, and still asks for a second look.
 */
export function finding(step, name, values = {}, { isShown = true, isDoubtful = false } = {}) {
  return { step, name, values, isShown, isDoubtful, text: filled(WORDS[name], values) };
}
