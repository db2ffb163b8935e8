// The script of /api/docs: sends what stands in a form to this server, and shows what came back. Keeps nothing.

const LONGEST_SHOWN = 200_000;
const access = document.getElementById("access");

// The page lies at /api/docs, wherever a proxy has put it.
const addressOf = (path) => new URL(`..${path}`, document.baseURI);

async function getToken(event) {
  event.preventDefault();
  const says = access.querySelector(".says");
  const { client, secret, token } = access.elements;
  const form = new URLSearchParams({
    grant_type: "client_credentials",
    client_id: client.value,
    client_secret: secret.value,
  });
  says.textContent = "…";
  try {
    const response = await fetch(addressOf("/oauth/token"), {
      method: "POST",
      body: form,
      credentials: "omit",
    });
    const answer = await response.json();
    if (response.ok) token.value = answer.access_token;
    says.textContent = response.ok
      ? `ได้โทเค็นแล้ว (${answer.scope}) ใช้ได้ ${answer.expires_in} วินาที`
      : `${response.status} ${answer.error}: ${answer.error_description}`;
  } catch (error) {
    says.textContent = String(error);
  }
}

/** Path with its parameters filled in, query string and headers of a form. */
function requestOf(form) {
  let path = form.dataset.path;
  const query = new URLSearchParams();
  const headers = new Headers();
  for (const field of form.querySelectorAll("[data-in]")) {
    const value = field.value;
    if (field.dataset.in === "path") path = path.replace(`{${field.name}}`, encodeURIComponent(value));
    else if (value === "") continue;
    else if (field.dataset.in === "query") query.append(field.name, value);
    else headers.set(field.name, value);
  }
  const token = access.elements.token.value.trim();
  if (token !== "" && !headers.has("authorization")) headers.set("authorization", `Bearer ${token}`);
  const url = addressOf(path);
  url.search = query.toString();
  return { url, headers };
}

async function send(event) {
  event.preventDefault();
  const form = event.currentTarget;
  const result = form.querySelector(".result");
  const button = form.querySelector("button");
  result.hidden = false;
  result.className = "result";
  result.textContent = "…";
  button.disabled = true;
  try {
    const { url, headers } = requestOf(form);
    const method = form.dataset.method.toUpperCase();
    const init = { method, headers, credentials: "omit", cache: "no-store" };
    const text = form.querySelector(".body");
    if (text !== null) {
      const [file] = form.querySelector(".file").files;
      headers.set("content-type", form.querySelector(".type").value);
      init.body = file ?? text.value;
    }
    const startedMs = performance.now();
    const response = await fetch(url, init);
    const shown = await shownBody(response);
    const tookMs = Math.round(performance.now() - startedMs);
    const head = [...response.headers].map(([name, value]) => `${name}: ${value}`).join("\n");
    result.className = `result ${response.ok ? "good" : "bad"}`;
    result.textContent = `${method} ${url.pathname}${url.search}\n\n${response.status} ${response.statusText} (${tookMs} ms)\n${head}\n\n${shown}`;
  } catch (error) {
    result.className = "result bad";
    result.textContent = String(error);
  } finally {
    button.disabled = false;
  }
}

async function shownBody(response) {
  const type = response.headers.get("content-type") ?? "";
  if (!/json|text|xml|jose/.test(type)) {
    const { size } = await response.blob();
    return size === 0 ? "" : `(${size} octets, ${type})`;
  }
  const text = await response.text();
  const whole = /json/.test(type) && text !== "" ? JSON.stringify(JSON.parse(text), null, 2) : text;
  return whole.length > LONGEST_SHOWN ? `${whole.slice(0, LONGEST_SHOWN)}\n…` : whole;
}

/** A link to something that is closed opens it. */
function openLinked() {
  const linked = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (linked instanceof HTMLDetailsElement) linked.open = true;
}

access.addEventListener("submit", getToken);
for (const form of document.querySelectorAll("form.try")) form.addEventListener("submit", send);
addEventListener("hashchange", openLinked);
openLinked();
