import axe from 'axe-core';
import { expect } from 'chai';
import type { Browser } from 'playwright-core';
import { removeProvider } from '../../src/record/providers.ts';
import { startBrowser, withoutBrowser } from '../support/browser.ts';
import { OpenIdProvider } from '../support/openid-provider.ts';
import { Site } from './site.ts';

describe(`web: signing in at a provider, in a browser${withoutBrowser}`, () => {
  let site: Site;
  let corp: OpenIdProvider;
  let browser: Browser;

  before(async function () {
    const started = await startBrowser();
    if (!started) return this.skip();
    browser = started;
    site = await Site.start();
    const redirectUri = `${site.privateUrl}/sign-in/with/corp/callback`;
    corp = await OpenIdProvider.start(() => [{ id: 'volt', secret: 'the secret', redirectUri }], {
      ada: { name: 'Ada Lovelace', groups: ['dev'] },
    });
    corp.account = undefined;
  });

  after(async () => {
    await browser?.close();
    await corp?.stop();
    await site?.stop();
  });

  for (const javaScriptEnabled of [true, false]) {
    it(`begins with the administrator's form and ends with signing out, with${javaScriptEnabled ? '' : 'out'} scripts`, async () => {
      const context = await browser.newContext({ baseURL: site.privateUrl, javaScriptEnabled });
      const page = await context.newPage();
      const signedOut = page.getByRole('link', { name: 'Sign in', exact: true });
      try {
        await page.goto('/sign-in?next=/providers');
        await page.getByLabel('Access token').fill(site.token);
        await page.getByRole('button', { name: 'Sign in' }).click();
        await page.getByLabel('Name').fill('corp');
        await page.getByLabel('Address').fill(corp.url);
        await page.getByLabel('Client id').fill('volt');
        await page.getByLabel('Client secret').fill('the secret');
        await page.getByLabel('Title of its button').fill('the company account');
        await page.getByRole('button', { name: 'Add provider' }).click();
        await page.getByText('Then check it').waitFor();
        await page.getByRole('button', { name: 'Check corp' }).click();
        await page.getByText('People can sign in with corp').waitFor();
        await page.getByRole('button', { name: 'Sign out' }).click();

        await page.goto('/builds');
        await signedOut.click();
        await page.getByRole('link', { name: 'Sign in with the company account' }).click();
        await page.getByLabel('Account').fill('ada');
        await page.getByRole('button', { name: 'Log in' }).click();
        await page.waitForURL(`${site.privateUrl}/builds`);
        await page.getByRole('button', { name: 'Sign out' }).click();
        await page.getByRole('heading', { name: 'You are signed out' }).waitFor();
        if (javaScriptEnabled) {
          await page.setViewportSize({ width: 375, height: 812 });
          await page.evaluate(axe.source);
          const { violations } = (await page.evaluate('axe.run()')) as axe.AxeResults;
          expect(violations.map(({ id }) => id)).to.deep.equal([]);
        }
        await page.getByRole('link', { name: 'go to the start page' }).click();
        await signedOut.waitFor();
        expect(new URL(page.url()).origin).to.equal(site.privateUrl);

        // the provider still knows the person, until they sign out there, too
        await page.goto('/sign-in/with/corp?next=/builds');
        await page.waitForURL(`${site.privateUrl}/builds`);
        await page.getByRole('button', { name: 'Sign out' }).click();
        await page.getByRole('link', { name: 'Sign out of the company account, too' }).click();
        await page.getByRole('button', { name: 'Yes, sign me out' }).click();
        await page.getByRole('heading', { name: 'Signed out of the provider' }).waitFor();
        await page.goto('/sign-in/with/corp?next=/builds');
        await page.getByLabel('Account').waitFor();
      } finally {
        await context.close();
        await removeProvider(site.context.database, 'corp');
      }
    }).timeout(120_000);
  }
});
