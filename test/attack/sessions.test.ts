import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import type { Browser } from 'playwright-core';
import { attack } from '../support/attack.ts';
import { startBrowser, withoutBrowser } from '../support/browser.ts';
import { fetchAs, Site } from '../web/site.ts';

describe(`a browser session of a signed-in person${withoutBrowser}`, () => {
  let site: Site;
  let browser: Browser;
  let job: Server;
  /** cookies that the job's server received, by request */
  let caught: { path: string; cookie: string | undefined }[];

  before(async function () {
    const started = await startBrowser();
    if (!started) return this.skip();
    browser = started;
    site = await Site.start();
    job = createServer((request, response) => {
      const { url = '', headers } = request;
      caught.push({ path: url, cookie: headers.cookie });
      // a page that sends requests to its own server, as a job's page would
      response.setHeader('content-type', 'text/html');
      response.end(url === '/' ? '<script>fetch("/steal")</script>' : '<a href="/">on</a>');
    });
    await new Promise<void>((resolve) => job.listen(0, '127.0.0.1', resolve));
  });
  after(async () => {
    await browser?.close();
    job?.closeAllConnections();
    job?.close();
    await site?.stop();
  });
  beforeEach(() => {
    caught = [];
  });

  attack(
    {
      attacker: 'job beside mine',
      asset: 'sessions and tokens',
      title: 'cannot receive the session on another port of 127.0.0.1 or localhost',
    },
    async () => {
      const { port } = job.address() as AddressInfo;
      const context = await browser.newContext();
      try {
        const page = await context.newPage();
        await page.goto(`${site.privateUrl}/sign-in`);
        await page.getByLabel('Token').fill(site.token);
        await page.getByRole('button', { name: 'Sign in' }).click();
        await page.getByRole('button', { name: 'Sign out' }).waitFor();
        const session = (await context.cookies()).find(({ name }) => name.includes('volt_session'));
        expect(session, 'the session').to.include({ httpOnly: true, sameSite: 'Strict' });
        for (const host of ['127.0.0.1', 'localhost', 'volt.localhost']) {
          const stolen = page.waitForResponse(/\/steal$/);
          await page.goto(`http://${host}:${port}/`);
          await stolen;
        }
        expect(caught.filter(({ path }) => path === '/steal')).to.have.length(3);
        expect(caught.filter((one) => one.cookie !== undefined)).to.deep.equal([]);
      } finally {
        await context.close();
      }
    },
  );

  attack(
    {
      attacker: 'job beside mine',
      asset: 'sessions and tokens',
      title: 'cannot use a stolen session at another address of Volt',
    },
    async () => {
      const cookie = await site.signIn();
      const { port } = new URL(site.url);
      for (const host of [`127.0.0.1:${port}`, `localhost:${port}`, `[::1]:${port}`, `volt.localhost:${port}`]) {
        const headers = { cookie, 'sec-fetch-site': 'same-origin', 'content-type': 'application/json' };
        const body = JSON.stringify({ name: 'mine', role: 'admin' });
        const answer = await fetchAs(host, `${site.url}/api/v1/tokens`, { method: 'POST', headers, body });
        expect(answer.status, host).to.equal(401);
      }
    },
  );

  attack(
    {
      attacker: 'job beside mine',
      asset: 'sessions and tokens',
      title: 'cannot learn the sign-in address from Volt',
    },
    async () => {
      const { hostname } = new URL(site.privateUrl);
      for (const path of ['/sign-in', '/', '/api/v1/sign-in', '/api/v1/status', '/healthz', '/metrics', '/api']) {
        const answer = await site.fetch(path, { headers: { accept: 'text/html' } });
        const said = (await answer.text()) + JSON.stringify([...answer.headers]);
        expect(said, path).to.not.include(hostname);
      }
    },
  );

  attack(
    {
      attacker: 'job beside mine',
      asset: 'sessions and tokens',
      title: "cannot listen on the port's other loopback address, which browsers try first",
    },
    async () => {
      const { port } = new URL(site.url);
      const taken = createServer();
      const outcome = await new Promise<string>((resolve) => {
        taken.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? ''));
        taken.listen(Number(port), '::1', () => resolve('taken'));
      });
      taken.close();
      // a machine without IPv6 has no such address
      expect(outcome).to.be.oneOf(['EADDRINUSE', 'EADDRNOTAVAIL', 'EAFNOSUPPORT']);
    },
  );
});
