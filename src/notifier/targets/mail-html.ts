import { html, raw } from 'hono/html';
import { isBad } from '../../kernel/notices.ts';
import type { NoticeBuild } from '../notice-build.ts';
import type { NoticeMessage } from '../notice-message.ts';
import { entities, inertHtml } from './inert-html.ts';
import { type Form, formed, whyText } from './plain-lines.ts';

type Part = ReturnType<typeof html> | ReturnType<typeof raw>;

const sans = `font-family: -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif`;
const mono = `font-family: ui-monospace, SFMono-Regular, Consolas, 'Liberation Mono', monospace`;
const light = {
  ...{ ground: '#f3f4f6', panel: '#ffffff', edge: '#d9dce1', text: '#1c2128', faint: '#57606a' },
  ...{ link: '#0a5cc0', bad: '#c4202b', good: '#1a7f37', soft: '#f6f7f9' },
};
const dark = {
  ...{ ground: '#14171c', panel: '#1e2228', edge: '#3a404a', text: '#e6e9ee', faint: '#a3abb7' },
  ...{ link: '#74b0ff', bad: '#ff7b7b', good: '#56d364', soft: '#262b33' },
};

/** Mail programs that know the scheme of the reader turn to it; the others keep the styles of the elements. */
const darkStyle = `@media (prefers-color-scheme: dark) {
  .ground { background-color: ${dark.ground} !important }
  .panel { background-color: ${dark.panel} !important; border-color: ${dark.edge} !important }
  .soft { background-color: ${dark.soft} !important }
  .text { color: ${dark.text} !important }
  .faint { color: ${dark.faint} !important }
  .link { color: ${dark.link} !important }
  .bad { color: ${dark.bad} !important }
  .good { color: ${dark.good} !important }
  .bad-edge { border-top-color: ${dark.bad} !important }
  .good-edge { border-top-color: ${dark.good} !important }
}`;

/**
 * A notice as HTML: its only links lead to Volt, and it loads nothing. Mail programs know little of HTML and of style sheets, so the layout
 * is made of tables, and each element has its own style.
 */
export function mailHtml(message: NoticeMessage): string {
  const { event, headline, about, lines, isOwn, link, stop } = message;
  const mark = isBad(event) ? 'bad' : 'good';
  const own = about === null || isOwn;
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="supported-color-schemes" content="light dark">
<title>${headline}</title>
<style>${raw(darkStyle)}</style>
</head>
<body class="ground" style="margin: 0; padding: 0; background-color: ${light.ground}">
${preview(own ? (lines[0] ?? '') : `${about.subject}, by ${about.author}. ${about.reason}`)}
<main>
${table(
  `class="ground" width="100%" bgcolor="${light.ground}" style="background-color: ${light.ground}"`,
  html`<tr><td align="center" style="padding: 32px 12px">
${table(
  'width="100%" style="max-width: 600px"',
  html`<tr><td class="panel ${mark}-edge" bgcolor="${light.panel}" style="background-color: ${light.panel}; border: 1px solid ${light.edge}; border-top: 4px solid ${light[mark]}; border-radius: 8px; padding: 28px 28px 32px">
${table(
  '',
  html`<tr><td class="${mark}" aria-hidden="true" valign="top" style="padding-right: 12px; ${sans}; font-size: 22px; line-height: 1.3; color: ${light[mark]}">${isBad(event) ? '✕' : '✓'}</td>
<td><h1 class="text" dir="auto" style="margin: 0; ${sans}; font-size: 22px; line-height: 1.3; font-weight: 600; color: ${light.text}; word-break: break-word">${raw(inertHtml(headline))}</h1></td></tr>`,
)}
${own ? lines.map((line) => paragraph('text', formed(line, message, htmlForm))) : buildParts(about)}
${table(
  'style="margin-top: 24px"',
  html`<tr><td bgcolor="${light.link}" style="background-color: ${light.link}; border-radius: 6px"><a href="${link.url}" style="display: inline-block; padding: 11px 22px; ${sans}; font-size: 15px; line-height: 1.3; font-weight: 600; color: #ffffff; text-decoration: none">Open ${link.label}</a></td></tr>`,
)}
</td></tr>
<tr><td class="faint" dir="auto" style="padding: 16px 28px 0; ${sans}; font-size: 13px; line-height: 1.5; color: ${light.faint}; word-break: break-word">${raw(inertHtml(whyText(message)))}
<a class="link" href="${stop.url}" style="color: ${light.link}">Stop these notices</a></td></tr>`,
)}
</td></tr>`,
)}
</main>
</body>
</html>`;
  return String(page);
}

/** What a build is about: its commit, why it failed, the tests, and since when the branch is broken. */
function buildParts({ repo, number, sha, subject, author, reason, tests, moreTests, since }: NoticeBuild): Part[] {
  const shown = tests.map((test) => html`<div dir="auto" style="padding: 2px 0">${raw(inertHtml(test))}</div>`);
  return [
    paragraph('text', `<strong style="font-weight: 600">${inertHtml(subject) || 'no subject'}</strong>`, 20),
    paragraph(
      'faint',
      `${inertHtml(author) || 'unknown'} · ${entities(repo)}#${number} · <span style="${mono}; font-size: 13px">${entities(sha.slice(0, 8))}</span>`,
      4,
    ),
    ...(reason === '' ? [] : [paragraph('bad', inertHtml(reason), 16)]),
    ...(shown.length === 0
      ? []
      : [
          paragraph('faint', 'Failed tests', 20),
          table(
            'width="100%" style="margin-top: 6px"',
            html`<tr><td class="soft text" bgcolor="${light.soft}" style="background-color: ${light.soft}; border-radius: 6px; padding: 10px 14px; ${mono}; font-size: 13px; line-height: 1.5; color: ${light.text}; word-break: break-word">${shown}${moreTests > 0 ? html`<div class="faint" style="padding: 2px 0; color: ${light.faint}">and ${moreTests} more</div>` : ''}</td></tr>`,
          ),
        ]),
    ...(since === null
      ? []
      : [
          paragraph(
            'faint',
            `Broken since ${htmlForm.link(since.url, `#${since.number}`)} ${inertHtml(since.subject)}, by ${inertHtml(since.author)}`,
            20,
          ),
        ]),
  ];
}

const htmlForm = {
  text: inertHtml,
  link: (url: string, label = url) =>
    `<a class="link" href="${entities(url)}" style="color: ${light.link}">${entities(label)}</a>`,
} satisfies Form;

/** @param content is HTML */
function paragraph(look: 'text' | 'faint' | 'bad', content: string, above = 16): Part {
  const size = look === 'faint' ? 14 : 15;
  return html`
<p class="${look}" dir="auto" style="margin: ${above}px 0 0; ${sans}; font-size: ${size}px; line-height: 1.5; color: ${light[look]}; word-break: break-word">${raw(content)}</p>`;
}

/** A table that only lays out. */
function table(attributes: string, rows: Part): Part {
  return html`<table role="presentation" cellpadding="0" cellspacing="0" border="0" ${raw(attributes)}>${rows}</table>`;
}

/** What lists of mails show beside the subject. */
function preview(text: string): Part {
  return html`<div style="display: none; max-height: 0; overflow: hidden">${raw(inertHtml(text))}</div>`;
}
