// The page "Check it yourself": what is given to it, whom it believes, what it finds.
import { element, readTexts } from "../texts.js";
import { startsWith, utf8 } from "./bytes.js";
import { verifyFiles } from "./files.js";
import { Watch, hasCamera, readPictureFile, readsPictures } from "./pictures.js";
import { PREFIX } from "./proofcode.js";
import { band, judgementOf, report } from "./report.js";
import { Trust } from "./trust.js";
import { Words, icon, terms } from "./words.js";

const ZIP = "PK";
const find = (name) => document.querySelector(`[data-${name}]`);
const text = readTexts(document);
const words = new Words(text, document.documentElement.lang);
const trust = new Trust(find("trust").dataset);
const given = [];
let round = 0;

/** Judge everything that was given, and show it; the latest round wins. */
async function judge() {
  round += 1;
  const mine = round;
  showGiven();
  if (!given.length) {
    for (const name of ["verdict", "report", "status"]) find(name).replaceChildren();
    return;
  }
  say(text("working"));
  const nowMs = Date.now();
  const result = await ask(nowMs);
  if (mine !== round) return;
  find("verdict").replaceChildren(band(result, { words, nowMs }));
  find("report").replaceChildren(...report(result, { words, nowMs }));
  find("verdict").scrollIntoView({ block: "nearest" });
  const [state, why] = judgementOf(result, words);
  say(`${text(`band-${state}`)}: ${words.say(why)}`);
}

/** The page's own genesis is asked for where the files bring one: a code alone has none. */
async function ask(nowMs) {
  const question = { inputs: given, policy: trust.policy, genesisId: trust.genesisId, nowMs };
  const result = await verifyFiles(question);
  const isMissing = result.failure?.code === "no_genesis" && !trust.hasOwnGenesis;
  return isMissing ? verifyFiles({ ...question, genesisId: "" }) : result;
}

const say = (sentence) => find("status").replaceChildren(sentence);

function problem(name) {
  find("problem").replaceChildren(...(name ? [icon("stop"), element("div", {}, element("p", {}, text(name)))] : []));
  find("problem").hidden = !name;
}

function showGiven() {
  find("given").replaceChildren(...given.map((each, at) => {
    const size = new Intl.NumberFormat(words.language).format(each.data.length);
    const remove = element("button", { type: "button", class: "plain small" }, text("remove"));
    remove.setAttribute("aria-label", words.say("remove-one", { name: each.name }));
    remove.addEventListener("click", () => {
      given.splice(at, 1);
      judge();
    });
    return element("li", {}, element("span", {}, words.say("given", { name: each.name, size })), remove);
  }));
}

function give(name, data) {
  const old = given.findIndex((each) => each.name === name);
  if (old >= 0) given.splice(old, 1);
  given.push({ name, data });
}

async function giveFiles(files) {
  problem("");
  for (const file of files) {
    const data = new Uint8Array(await file.arrayBuffer());
    if (file.type.startsWith("image/")) await givePicture(file);
    else if (startsWith(data, ZIP)) problem("bundle");
    else give(file.name, data);
  }
  await judge();
}

async function givePicture(file) {
  if (!(await readsPictures())) {
    problem("no-reader");
    return;
  }
  const found = await readPictureFile(file);
  if (found) give(file.name, utf8(found));
  else problem("no-code");
}

/** A proof code in the address: /verify#PTP1:… */
function giveAddress() {
  if (!location.hash.includes(PREFIX)) return;
  give(text("from-address"), utf8(location.hash));
  judge();
}

function showTrust() {
  const { policy, refused } = trust.read();
  const names = policy && (policy.witnesses.map((each) => each.name).join(", ") || text("none"));
  const fingerprint = element("code", { class: "code" }, trust.fingerprint);
  const rows = [
    ["policy", trust.isThere && fingerprint],
    ["log", policy && policy.logs.map((log) => log.key.name).filter((name, at, all) => all.indexOf(name) === at).join(", ")],
    ["witnesses", names],
    ["quorum", policy && ruleOf(policy)],
    ["code", refused && element("code", {}, `${refused.code} ${refused.got ?? ""}`)],
    ["genesis", trust.genesisId ? element("code", { class: "code" }, trust.genesisId) : text("no-genesis")],
  ];
  find("believed").replaceChildren(terms(rows.map(([name, value]) => [text(`term-${name}`), value || ""])));
  find("trust-words").textContent = text(trust.isThere || trust.isOwn ? `trust-${trust.isOwn ? "own" : "page"}` : "trust-none");
  find("policy-text").textContent = new TextDecoder().decode(trust.policy.data);
  find("trust-reset").hidden = !trust.isOwn;
}

/** "2 of a, b, c", or the one witness, or none. */
function ruleOf({ groups, quorum }) {
  const group = groups.find((each) => each.name === quorum);
  if (!group) return quorum === "none" ? text("none") : quorum;
  return words.say("k-of", { count: group.threshold, names: group.members.join(", ") });
}

async function believe() {
  showTrust();
  await judge();
}

function listenToTrust() {
  find("policy-file").addEventListener("change", async ({ target }) => {
    const [file] = target.files;
    if (!file) return;
    trust.believe({ name: file.name, data: new Uint8Array(await file.arrayBuffer()) });
    await believe();
  });
  find("policy-paste").addEventListener("change", ({ target }) => {
    if (!target.value.trim()) return;
    trust.believe({ name: "policy", data: utf8(`${target.value.trimEnd()}\n`) });
    believe();
  });
  const genesis = document.querySelector("input[data-genesis]");
  genesis.value = trust.genesisId;
  genesis.addEventListener("change", () => {
    const isId = trust.root(genesis.value);
    genesis.setAttribute("aria-invalid", String(!isId));
    find("genesis-error").hidden = isId;
    if (isId) believe();
  });
  find("trust-reset").addEventListener("click", () => {
    trust.reset();
    genesis.value = trust.genesisId;
    find("policy-paste").value = "";
    find("policy-file").value = "";
    believe();
  });
}

function listenToEvidence() {
  const files = find("files");
  files.addEventListener("change", async () => {
    await giveFiles([...files.files]);
    files.value = "";
  });
  const drop = find("drop");
  for (const name of ["dragover", "dragleave", "drop"]) {
    document.addEventListener(name, (event) => {
      event.preventDefault();
      drop.classList.toggle("is-over", name === "dragover");
      if (name === "drop") giveFiles([...event.dataTransfer.files]);
    });
  }
  find("paste-form").addEventListener("submit", (event) => {
    event.preventDefault();
    const field = find("pasted");
    if (!field.value.trim()) return;
    give(words.say("from-paste", { number: given.length + 1 }), utf8(field.value));
    field.value = "";
    judge();
  });
}

async function offerCamera() {
  if (!hasCamera() || !(await readsPictures())) return;
  const [button, video] = [find("camera"), find("video")];
  const accept = (found) => {
    if (!found.includes(PREFIX)) return false;
    give(text("from-camera"), utf8(found));
    close();
    judge();
    return true;
  };
  const watch = new Watch(video, accept);
  const close = () => {
    video.hidden = true;
    button.textContent = text("camera-start");
  };
  button.hidden = false;
  button.addEventListener("click", async () => {
    if (watch.stream) {
      watch.stop();
      close();
      return;
    }
    try {
      video.hidden = false;
      await watch.start();
      button.textContent = text("camera-stop");
    } catch {
      close();
      problem("no-camera");
    }
  });
}

document.documentElement.classList.toggle("is-saved", location.protocol === "file:");
listenToTrust();
showTrust();
if (globalThis.crypto?.subtle && "DecompressionStream" in globalThis) {
  listenToEvidence();
  addEventListener("hashchange", giveAddress);
  giveAddress();
  offerCamera();
} else {
  problem(globalThis.crypto?.subtle ? "too-old" : "insecure");
  for (const each of document.querySelectorAll("[data-evidence] :is(input, textarea, button)")) each.disabled = true;
}
