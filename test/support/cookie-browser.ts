/** Sends one request, follows no redirect. */
type Ask = (url: URL, init: { headers: { [name: string]: string } }) => Promise<Response>;

/** A browser without a window: it keeps cookies by host and follows redirects. */
export class CookieBrowser {
  readonly #ask: Ask;
  readonly #jar = new Map<string, Map<string, string>>();
  /** addresses that it has been at, in order */
  readonly visited: URL[] = [];

  constructor(ask: Ask) {
    this.#ask = ask;
  }

  /**
   * Opens an address, and those that it is redirected to.
   * @param until stops before this one is opened; then the answer is the redirect to it
   */
  async open(address: string | URL, until: (url: URL) => boolean = () => false): Promise<Response> {
    for (let url = new URL(address); ; ) {
      this.visited.push(url);
      const jar = this.#cookiesAt(url);
      const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join('; ');
      const answer = await this.#ask(url, { headers: { accept: 'text/html', ...(cookie !== '' && { cookie }) } });
      for (const line of answer.headers.getSetCookie()) {
        const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
        if (/max-age=0|expires=thu, 01 jan 1970/i.test(line)) jar.delete(name);
        else jar.set(name, value);
      }
      const location = answer.headers.get('location');
      if (answer.status < 300 || answer.status >= 400 || location === null) return answer;
      url = new URL(location, url);
      if (until(url)) return answer;
    }
  }

  /** The cookies for an address, by name. */
  #cookiesAt({ host }: URL): Map<string, string> {
    const jar = this.#jar.get(host) ?? new Map<string, string>();
    this.#jar.set(host, jar);
    return jar;
  }

  cookiesOf(origin: string): string {
    return [...this.#cookiesAt(new URL(origin))].map(([name, value]) => `${name}=${value}`).join('; ');
  }
}
