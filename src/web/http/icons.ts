import type { Status } from '../../kernel/model.ts';

/** What the icon of a page tells: the status of its build, or of the builds that it is about. */
export type IconState = Status | 'failing';

/** The icon of a page without a state. */
const bolt = '<path fill="#e0a100" d="M9.5 0 2 9h5l-1 7 8-10H8.5z"/>';

const line = 'fill="none" stroke="#fff" stroke-width="2.2" stroke-linecap="round" stroke-linejoin="round"';
const tick = `<path ${line} d="m4.5 8.4 2.4 2.4 4.6-5"/>`;
const cross = `<path ${line} d="m5.2 5.2 5.6 5.6m0-5.6-5.6 5.6"/>`;

/** A shape of its own for each state, since many do not see the colours apart, and at 16 pixels a sign alone is small. */
const shapes: { readonly [S in IconState]: string } = {
  success: `<circle cx="8" cy="8" r="8" fill="#1a7a3c"/>${tick}`,
  failure: `<rect width="16" height="16" rx="3" fill="#c0271b"/>${cross}`,
  failing: `<rect x=".9" y=".9" width="14.2" height="14.2" rx="3" fill="#fff" stroke="#c0271b" stroke-width="1.8"/><circle cx="8" cy="8" r="3.6" fill="#c0271b"/>`,
  error: `<path fill="#8b3fb0" d="M8 .5 16 15.5H0z"/><path ${line} d="M8 6.2v3.6m0 2.7v.1"/>`,
  running: `<circle cx="8" cy="8" r="7" fill="#fff" stroke="#1668b8" stroke-width="2"/><circle cx="8" cy="8" r="3.6" fill="#1668b8"/>`,
  ...{ queued: ring(), waiting: ring(), skipped: bar('#7a7d76'), cancelled: bar('#96640a') },
};

function ring(): string {
  return '<circle cx="8" cy="8" r="6.8" fill="#fff" stroke="#7a7d76" stroke-width="2.2" stroke-dasharray="3.5 2.6"/>';
}

function bar(colour: string): string {
  return `<circle cx="8" cy="8" r="8" fill="${colour}"/><path ${line} d="M4.5 8h7"/>`;
}

/** The name of the file with the icon of a state. */
export function iconOf(state: IconState | undefined): string {
  return state === undefined ? 'icon.svg' : `icon-${state}.svg`;
}

/** All icons, by the names of their files. */
export function icons(): [name: string, content: Uint8Array][] {
  const states = Object.keys(shapes) as IconState[];
  return [
    [iconOf(undefined), svg(bolt)],
    ...states.map((state): [string, Uint8Array] => [iconOf(state), svg(shapes[state])]),
  ];
}

function svg(content: string): Uint8Array {
  return Buffer.from(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16">${content}</svg>`);
}
