import { html } from 'hono/html';
import { isBad } from '../../kernel/notices.ts';
import type { NoticeMessage } from '../notice-message.ts';
import { footerOf, inert, linesOf } from './plain-lines.ts';

/** Colours that are readable on a light and on a dark ground. */
const colours = { good: '#1a7f37', bad: '#cf222e' } as const;

/** A notice as HTML, with one link. Mail programs know little of style sheets, so each element has its own style. */
export function mailHtml(message: NoticeMessage): string {
  const { event, headline, link } = message;
  const colour = isBad(event) ? colours.bad : colours.good;
  const font = 'font-family: system-ui, sans-serif; font-size: 16px; line-height: 1.5';
  const page = html`<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="color-scheme" content="light dark"><title>${headline}</title></head>
<body style="${font}; max-width: 40em">
<h1 style="font-size: 20px; border-left: 4px solid ${colour}; padding-left: 12px">${inert(headline)}</h1>
${linesOf(message).map((line) => html`<p style="margin: 0 0 8px">${inert(line)}</p>`)}
<p><a href="${link.url}">${link.label}</a></p>
<p style="font-size: 13px; opacity: 0.75">${inert(footerOf(message))}</p>
</body>
</html>`;
  return String(page);
}
