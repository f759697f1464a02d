// Calls to our own machine door with the session; refusals become Problem.

/** A refusal of the site: `document` is its problem+json, or {} if it gave none. */
export class Problem extends Error {
  constructor(status, document) {
    super(document.detail || document.title || `HTTP ${status}`);
    this.status = status;
    this.document = document;
  }
}

const csrfToken = () => document.querySelector('meta[name="csrftoken"]')?.content ?? "";

export async function call(url, { method = "GET", json, form, text: body, type, more = {}, signal } = {}) {
  const headers = { Accept: "application/json, application/problem+json", ...more };
  if (method !== "GET") headers["X-CSRFToken"] = csrfToken();
  if (json !== undefined) headers["Content-Type"] = "application/json";
  if (type) headers["Content-Type"] = type;
  const response = await fetch(url, {
    method, headers, credentials: "same-origin", signal,
    body: json !== undefined ? JSON.stringify(json) : form ?? body,
  });
  if (response.redirected) throw new Problem(401, {}); // to the login page
  const text = await response.text();
  const isJson = /json/.test(response.headers.get("Content-Type") ?? "");
  const answer = isJson && text ? JSON.parse(text) : {};
  if (!response.ok) throw new Problem(response.status, answer);
  return answer;
}
