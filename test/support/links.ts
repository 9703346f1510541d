import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** A page of the checkout without its blocks of code, where brackets mean other things. */
export function pageText(root: string, page: string): string {
  return readFileSync(join(root, page), 'utf8').replace(/^```.*?^```/gms, '');
}

/** The targets of a page's links, those of the web left out. */
export function pageLinks(root: string, page: string): string[] {
  const targets = [...pageText(root, page).matchAll(/\]\(([^)\s]+)\)/g)].map(([, target]) => target as string);
  return targets.filter((target) => !/^[a-z]+:/.test(target));
}
