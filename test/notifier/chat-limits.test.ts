import { expect } from 'chai';
import MarkdownIt from 'markdown-it';
import { type Config, loadConfig } from '../../src/kernel/config.ts';
import type { NoticeKind } from '../../src/kernel/notices.ts';
import type { Database } from '../../src/record/database.ts';
import { services } from '../support/chat-services.ts';
import { NoticeReceiver } from '../support/notice-receiver.ts';
import { Noticing, webhookSecret } from '../support/noticing.ts';
import { withRecord } from '../support/record.ts';

const site = 'https://ci.example.org';

/** What people write to mention everybody, to bring a link or markup, or to be shown as something else. */
const attacks = [
  '@everyone @here @channel @all <!here> <!channel> <@U012AB3CD> <#C012AB3CD> @room:example.org',
  '[click](https://evil.example/a) <https://evil.example/b|click> ![x](https://evil.example/c.png) [r]: https://evil.example/d',
  '<a href="https://evil.example/e">x</a> <img src=x onerror=alert(1)> &lt;b&gt; &amp;',
  'https://evil.example/f www.evil.example mailto:eve@evil.example //evil.example/g',
  '`code` **bold** __u__ ~~s~~ ||spoiler|| > quote # head - list $x$ \\',
  'شغّل \u202eemordnilap\u202c 修复 👩‍👩‍👧‍👦 🇩🇪 e\u0301\u0301\u0301 a\u200bb\u200d\u2060\ufeff \ud83d',
  'x\r\nBcc: eve@evil.example\r\n\r\nbody\u2028line\u0000\u001b[31mred',
];
/** 10 kB of one character, so that each form grows as much as it can. */
const long = [...'*@<&"\\`.', '🚀', 'ش', '\u0301'].map((character) => character.repeat(10_000));

describe('the longest and the worst notices', () => {
  let database: Database;
  let config: Config;
  let receiver: NoticeReceiver;
  let noticing: Noticing;
  withRecord((opened, dataDir) => {
    database = opened;
    config = loadConfig({ dataDir, logLevel: 'error' });
    noticing = new Noticing({ database, config });
  });
  beforeEach(async () => {
    receiver = await NoticeReceiver.start();
    await database.db.updateTable('repositories').set({ default_branch: 'main' }).execute();
  });
  afterEach(() => receiver.stop());

  const targets: { readonly [Kind in keyof typeof services]: string } = {
    ...{ slack: '/services/T/B/x', mattermost: '/hooks/x', discord: '/api/webhooks/1/x', teams: '/workflows/x' },
    ...{ matrix: '/!room:example.org', ntfy: '/topic', webhook: '/hook' },
  };

  for (const [kind, path] of Object.entries(targets) as [keyof typeof services, string][]) {
    it(`are taken by ${kind}, mention nobody, and lead to Volt alone`, async () => {
      const refused: string[] = [];
      receiver.check = (received) => {
        const refusal = services[kind](received);
        if (refusal !== undefined) refused.push(`${refusal}: ${received.body.slice(0, 300)}`);
        return refusal === undefined ? { status: 200 } : { status: 400, body: refusal };
      };
      const own = { title: '{event} {subject}', text: '{subject}\n{author}\n{tests}\n{reason} {url}\n'.repeat(20) };
      for (const [name, options] of Object.entries({ plain: {}, own })) {
        await noticing.add(receiver.url + path, {
          ...{ name, kind: kind as NoticeKind, on: 'failure', branches: ['**'], options },
          address: { to: receiver.url + path, secret: kind === 'webhook' ? webhookSecret : 'token' },
        });
      }
      let number = 0;
      for (const text of [...attacks, ...long]) {
        const ref = `refs/heads/${`b${++number}/@everyone<!here>|${'ü'.repeat(200)}`.slice(0, 200)}`;
        const commit = { subject: text, author: text, ref };
        await noticing.end('success', { ref });
        const tests = Array.from({ length: 200 }, (_, index) => `${index} ${text}`.slice(0, 2000));
        await noticing.end('failure', commit, { message: `200 jobs failed: ${text}`, tests });
        await noticing.end('failure', commit, { message: text });
      }
      await noticing.deliver();
      expect(refused).to.deep.equal([]);
      expect((await noticing.log()).filter((entry) => !entry.endsWith(' sent'))).to.deep.equal([]);
      expect(receiver.received).to.have.length(4 * number);
      for (const { body } of receiver.received) {
        const { links, mentions } = readers[kind](JSON.parse(body));
        expect(links.filter((link) => !link.startsWith(`${site}/`) && link !== site)).to.deep.equal([]);
        expect(mentions).to.deep.equal([]);
      }
    });
  }
});

interface Read {
  /** addresses that people can follow */
  links: string[];
  mentions: string[];
}

const everybody = /@(everyone|here|channel|all|room)\b/g;
const markdown = new MarkdownIt({ html: true, linkify: true });
markdown.linkify.set({ fuzzyLink: false, fuzzyEmail: true });

/** What people see of a message: the links of Markdown or HTML, and addresses that programs find in text. */
// biome-ignore lint/suspicious/noExplicitAny: bodies of seven services
const readers: { readonly [Kind in keyof typeof services]: (body: any) => Read } = {
  slack: ({ text, blocks }) => {
    const elements = blocks.flatMap((block: { text?: object; elements?: object[] }) => block.elements ?? [block.text]);
    const marked = [text, ...elements.filter(({ type }: { type: string }) => type === 'mrkdwn').map(textIn)];
    const found = marked.flatMap((each: string) => [...each.matchAll(/<([^>|]*)/g)].map(([, link = '']) => link));
    return { links: found, mentions: [] };
  },
  mattermost: ({ text }) => inMarkdown(text),
  discord: ({ embeds: [{ title, description }] }) => inMarkdown(`${title}\n\n${description}`),
  teams: ({ attachments: [{ content }] }) => {
    const texts = content.body.flatMap((block: { inlines: { text: string }[] }) => block.inlines.map(textIn));
    return { ...inText(texts.join('\n')), links: content.actions.map(({ url }: { url: string }) => url) };
  },
  ntfy: ({ title, message }) => inText(`${title}\n${message}`),
  matrix: ({ body, formatted_body: html }) => {
    const shown = html.split(/<[^>]*>/).join('\n');
    const links = [...html.matchAll(/href="([^"]*)"/g)].map(([, link]) => link);
    expect(html.replace(/<\/?(strong|small|span|br|a)( href="[^"]*")?>/g, '')).to.not.match(/[<>]/);
    return { links: [...links, ...inText(shown).links, ...inText(body).links], mentions: inText(body).mentions };
  },
  // a program of the reader's own gets values
  webhook: ({ data }) => ({ links: [data.url], mentions: [] }),
};

function textIn({ text }: { text: string }): string {
  return text;
}

function inMarkdown(text: string): Read {
  const html = markdown.render(text);
  const links = [...html.matchAll(/(?:href|src)="([^"]*)"/g)].map(([, link = '']) => link);
  return { links, mentions: text.match(/@(everyone|here|channel|all)\b|(?<!\\)<[!@#]/g) ?? [] };
}

/** An address with the hidden character in its host leads nowhere. */
function inText(text: string): Read {
  const links = (markdown.linkify.match(text) ?? []).map(({ url }) => url).filter((url) => !url.includes('\u200b'));
  return { links, mentions: text.match(everybody) ?? [] };
}
