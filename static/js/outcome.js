// A signature makes a verdict history: the band says what was done and when, in grey,
// and what could be done before goes away. It is read from two metres.
//
// <form data-sign data-sign-done="Supplied" data-sign-after="…">; [data-until-signed]
// holds what ends with the signature, [data-when-signed] what begins with it.
import { icon } from "./messages.js";

const hhmm = (ms) => new Date(ms).toISOString().slice(11, 16);

export function showOutcome(band, { word, after, acceptedMs }) {
  band.className = band.className.replace(/\bis-\w+/, "is-past");
  band.querySelector(".band-word .icon").replaceWith(icon("past"));
  band.querySelector(".band-word span").textContent = `${word} ${hhmm(acceptedMs)} UTC`;
  band.querySelector(".band-reason").textContent = after;
}

document.addEventListener("signed", ({ target, detail }) => {
  const { signDone: word, signAfter: after = "" } = target.dataset;
  const band = document.querySelector(".band");
  if (word && band) showOutcome(band, { word, after, acceptedMs: detail.accepted_ms });
  for (const over of document.querySelectorAll("[data-until-signed]")) over.hidden = true;
  for (const fresh of document.querySelectorAll("[data-when-signed]")) fresh.hidden = false;
});
