/** A browser of the tests: keeps cookies as one would, sends the token against other sites, and says from which site it asks. */
export interface Browser {
  /** By name. */
  readonly cookies: Map<string, string>;
  csrf: string;
  ask(path: string, init?: BrowserInit): Promise<BrowserAnswer>;
  post(path: string, body?: unknown, init?: BrowserInit): Promise<BrowserAnswer>;
}

export type BrowserInit = Omit<RequestInit, "headers"> & {
  readonly headers?: Readonly<Record<string, string>>;
};

const JSON_TYPE: Readonly<Record<string, string>> = { "content-type": "application/json" };

export interface BrowserAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly setCookies: readonly string[];
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers freely
  readonly body: any;
  readonly text: string;
}

/** @param url of the server: http://127.0.0.1:PORT */
export function openBrowser(url: string, always: Readonly<Record<string, string>> = {}): Browser {
  const cookies = new Map<string, string>();
  const browser: Browser = {
    cookies,
    csrf: "",
    async ask(path, { headers = {}, ...init } = {}) {
      const sent = [...cookies].map(([name, value]) => `${name}=${value}`).join("; ");
      const response = await fetch(`${url}/api/v1${path}`, {
        ...init,
        redirect: "manual",
        headers: {
          ...(sent === "" ? {} : { cookie: sent }),
          ...(browser.csrf === "" ? {} : { "x-csrf-token": browser.csrf }),
          ...always,
          ...headers,
        },
      });
      const setCookies = response.headers.getSetCookie();
      for (const line of setCookies) {
        const [, name = "", value = ""] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
        if (/;\s*max-age=0/i.test(line)) cookies.delete(name);
        else cookies.set(name, value);
      }
      const text = await response.text();
      const isJson = response.headers.get("content-type")?.includes("json") ?? false;
      const body = isJson ? JSON.parse(text) : undefined;
      if (typeof body?.csrfToken === "string") browser.csrf = body.csrfToken;
      return { status: response.status, headers: response.headers, setCookies, body, text };
    },
    post: (path, body, init = {}) =>
      browser.ask(path, {
        method: "POST",
        ...init,
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        headers: { ...(body === undefined ? {} : JSON_TYPE), ...init.headers },
      }),
  };
  return browser;
}
