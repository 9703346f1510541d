import { Webhook } from 'standardwebhooks';
import type { NoticeKind } from '../../src/kernel/notices.ts';
import type { Received } from './notice-receiver.ts';
import { webhookSecret } from './noticing.ts';

/** What a service says to a notice that it would not take; undefined if it takes it. */
export type Check = (received: Received) => string | undefined;

// biome-ignore lint/suspicious/noExplicitAny: bodies of seven services
type Body = any;

/** Published limits, with their sources. */
export const services: { readonly [Kind in Exclude<NoticeKind, 'mail'>]: Check } = {
  // docs.slack.dev: text of a message, blocks/section-block, blocks/context-block, composition-objects/text-object
  slack: json(({ text, blocks }) =>
    first(
      [typeof text === 'string' && text !== '' && text.length <= 35_000, 'no_text'],
      ...(blocks as Body[]).flatMap((block) =>
        (block.type === 'section' ? [block.text] : block.elements).map(
          (each: Body): Rule => [
            ['plain_text', 'mrkdwn'].includes(each.type) && each.text.length >= 1 && each.text.length <= 3000,
            'invalid_blocks',
          ],
        ),
      ),
      [(blocks as Body[]).every(({ elements = [] }) => elements.length <= 10), 'invalid_blocks'],
    ),
  ),
  // older servers: 4,000 characters
  mattermost: json(({ text }) => first([typeof text === 'string' && text !== '' && text.length <= 4000, 'too long'])),
  // docs.discord.com/developers/resources/message#embed-object-embed-limits; 2,000 characters in all, as a message
  discord: json(({ content = '', embeds, allowed_mentions }) => {
    const texts = (embeds as Body[]).map(({ title, description, footer }) => [title, description, footer.text]);
    return first(
      [embeds.length <= 10, 'too many embeds'],
      ...texts.flatMap(([title, description, footer]): Rule[] => [
        [title.length >= 1 && title.length <= 256, 'title'],
        [description.length >= 1 && description.length <= 4096, 'description'],
        [footer.length <= 2048, 'footer'],
      ]),
      [[content, ...texts.flat()].join('').length <= 2000, 'too long'],
      [allowed_mentions.parse.length === 0, 'it mentions people'],
    );
  }),
  // learn.microsoft.com: 28 kB for a message, adaptivecards.io: schema 1.4
  teams: json(({ type, attachments: [{ contentType, content }] }, { body }) =>
    first(
      [Buffer.byteLength(body) <= 28 * 1024, 'too large'],
      [type === 'message' && contentType === 'application/vnd.microsoft.card.adaptive', 'no card'],
      [content.type === 'AdaptiveCard' && /^1\.[0-5]$/.test(content.version), 'no card'],
      ...(content.body as Body[]).map((block): Rule => [block.inlines.every((run: Body) => run.text !== ''), 'empty']),
      ...(content.actions as Body[]).map(({ title, url }): Rule => [title !== '' && URL.canParse(url), 'no link']),
    ),
  ),
  // docs.ntfy.sh/publish/#limitations: what has more than 4,096 bytes becomes an attachment
  ntfy: json(({ topic, title, message, click }, { path }) =>
    first(
      [path === '/' && topic === 'topic', 'no topic'],
      [title.length <= 200, 'title'],
      [Buffer.byteLength(message) <= 4096 && message.length <= 7800, 'message'],
      [URL.canParse(click), 'click'],
    ),
  ),
  // spec.matrix.org, Client-Server API: 65,536 bytes for an event, of which its envelope has some
  matrix: json(({ msgtype, body: text }, { method, path, body }) =>
    first(
      [method === 'PUT', 'method'],
      [/^\/_matrix\/client\/v3\/rooms\/[^/]+\/send\/m\.room\.message\/[^/]+$/.test(path), 'path'],
      [Buffer.byteLength(body) <= 60_000 && msgtype === 'm.notice' && text !== '', 'M_TOO_LARGE'],
    ),
  ),
  // the library of Standard Webhooks
  webhook: ({ body, headers }) => {
    try {
      new Webhook(webhookSecret).verify(body, headers as { [name: string]: string });
      return undefined;
    } catch (error) {
      return String(error);
    }
  },
};

type Rule = [holds: boolean, refusal: string];

function first(...rules: Rule[]): string | undefined {
  return rules.find(([holds]) => !holds)?.[1];
}

function json(check: (body: Body, received: Received) => string | undefined): Check {
  return (received) => {
    if (received.headers['content-type'] !== 'application/json') return 'no JSON';
    const parsed = JSON.parse(received.body);
    // half of a character is no text for a service
    if (/\\ud[89a-f][0-9a-f]{2}/i.test(received.body)) return 'no text';
    return check(parsed, received);
  };
}
