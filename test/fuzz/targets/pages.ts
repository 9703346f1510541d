import { expect } from 'chai';
import fc from 'fast-check';
import { Site } from '../../web/site.ts';
import type { Target } from '../target.ts';
import { anyText } from '../texts.ts';

/** Tags and attribute names of a page, without their content. */
function skeleton(page: string): string[] {
  return [...page.matchAll(/<(\/?[a-zA-Z][^\s>/]*)((?:\s+[a-zA-Z:-]+(?:="[^"]*")?)*)\s*\/?>/g)].map(
    ([, tag, attributes = '']) => `${tag} ${attributes.replace(/="[^"]*"/g, '')}`,
  );
}

/** Any text that git and the database can contain. */
function stored(text: string, most: number): string {
  return Buffer.from(`x${text.replaceAll('\0', '')}`.slice(0, most)).toString();
}

const foreign = fc.record({ subject: anyText(6), author: anyText(4), branch: anyText(3) });

export const pageTargets: Target[] = [
  {
    name: 'pages',
    holds: 'what a commit says of itself changes neither a page nor an answer in JSON but for its own words',
    runs: 20,
    async open() {
      const site = await Site.start();
      await site.repository('app');
      const commit = (subject: string, author: string, ref: string) => site.build('app', { subject, author, ref });
      // one build before it and one after it, which its page links to
      const builds = [];
      for (let n = 0; n < 3; n++) builds.push(await commit('a subject', 'Ada', 'refs/heads/topic'));
      const pageOf = async (path: string) => (await site.fetch(path, { headers: { accept: 'text/html' } })).text();
      const usual = skeleton(await pageOf(`/builds/${builds[1]}`));
      const property = fc.asyncProperty(foreign, async (text) => {
        const subject = stored(text.subject, 500);
        const author = stored(text.author, 200);
        const ref = `refs/heads/${stored(text.branch, 200)}`;
        const build = await commit(subject, author, ref);
        const answer = await site.fetch(`/api/v1/builds/${build}`);
        const told = (await answer.json()) as { subject: string; author: string; ref: string };
        expect(told).to.deep.include({ subject, author, ref });
        const shown = await pageOf(`/builds/${build}`);
        const strange = skeleton(shown).filter((part) => !usual.includes(part));
        expect(strange).to.deep.equal([]);
      });
      return { property, close: () => site.stop() };
    },
  },
];
