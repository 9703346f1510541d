import { existsSync } from 'node:fs';
import { type Browser, chromium } from 'playwright-core';

const executablePath = ['/usr/bin/chromium', '/usr/bin/google-chrome', '/usr/bin/chromium-browser'].find(existsSync);
const args = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** What the title of tests ends with that are skipped, since there is no browser. */
export const withoutBrowser = executablePath ? '' : ' (skipped: there is no Chromium on this machine)';

/** @returns undefined if there is no browser */
export async function startBrowser(): Promise<Browser | undefined> {
  return executablePath ? chromium.launch({ executablePath, args }) : undefined;
}
