import type { Context } from 'hono';
import { getCookie, setCookie } from 'hono/cookie';
import { repositoryNamePattern } from '../../kernel/names.ts';
import { tokenNeeded } from '../access/bearer.ts';
import { comesFromOwnPage } from '../access/csrf.ts';
import type { WebEnv } from '../access/env.ts';
import { ownPath } from '../http/own-path.ts';

/** What a reader has chosen, kept in cookies of the browser. The server knows it when it renders a page, and stores nothing. */
export interface Preferences {
  /** name that the reader's commits have as author; empty until the reader has said it */
  me: string;
  /** whether lists of builds have one line for each build */
  compact: boolean;
  /** names of the reader's favourite repositories */
  favourites: readonly string[];
  /** minutes by which the reader's clock is before UTC, as a script of Volt's has found; undefined without it */
  utcOffset: number | undefined;
  /** marks of the problems that the reader does not want to see for now; see problem-banner.tsx */
  putAway: readonly string[];
}

const cookies = {
  me: 'volt_me',
  density: 'volt_density',
  favourites: 'volt_favourites',
  utcOffset: 'volt_utc_offset',
  putAway: 'volt_put_away',
} as const;

/** With more favourites, the oldest one goes: a browser sends them with each request. */
const mostFavourites = 30;
const longestName = 200;
/** Seconds */
const day = 24 * 3600;
/** Seconds that a browser keeps a choice: the 400 days that browsers allow (RFC 6265bis, 5.5). */
const lifetime = 400 * day;
/** Problems that are put away, at most. */
const mostPutAway = 50;

/** The preferences of whoever makes a request. What a cookie holds may come from anywhere, so it is checked. */
export function preferencesOf(context: Context<WebEnv>): Preferences {
  const names = (getCookie(context, cookies.favourites) ?? '').split(' ').filter((name) => isName(name));
  return {
    me: nameOf(getCookie(context, cookies.me)),
    compact: getCookie(context, cookies.density) === 'compact',
    favourites: [...new Set(names)].slice(-mostFavourites),
    utcOffset: offsetOf(getCookie(context, cookies.utcOffset)),
    putAway: marksIn(getCookie(context, cookies.putAway)),
  };
}

/** Clocks on earth are at most 14 hours before, and 12 behind. */
function offsetOf(text: string | undefined): number | undefined {
  if (text === undefined || !/^-?\d{1,3}$/.test(text)) return undefined;
  return Math.abs(Number(text)) <= 14 * 60 ? Number(text) : undefined;
}

/**
 * `POST /preferences`: changes what the fields of the form say, and goes back to the page. It needs no token, since it changes nothing
 * on the server.
 */
export async function setPreferences(context: Context<WebEnv>): Promise<Response> {
  if (!comesFromOwnPage(context)) throw tokenNeeded(context, 'changing preferences from another site');
  const { me, density, star, unstar, putAway, next } = await context.req.parseBody();
  if (typeof me === 'string') keep(context, 'me', nameOf(me));
  if (density === 'compact' || density === 'roomy') keep(context, 'density', density);
  if (isName(star) || isName(unstar)) {
    const others = preferencesOf(context).favourites.filter((name) => name !== star && name !== unstar);
    keep(context, 'favourites', [...others, ...(isName(star) ? [star] : [])].slice(-mostFavourites).join(' '));
  }
  if (typeof putAway === 'string') keep(context, 'putAway', marksIn(putAway).join(' '), day);
  return context.redirect(ownPath(next), 303);
}

function isName(text: unknown): text is string {
  return typeof text === 'string' && repositoryNamePattern.test(text);
}

function marksIn(text: string | undefined): string[] {
  return (text ?? '')
    .split(' ')
    .filter((mark) => /^[0-9a-f]{8}$/.test(mark))
    .slice(0, mostPutAway);
}

function nameOf(text: string | undefined): string {
  return (text ?? '').trim().slice(0, longestName);
}

function keep(context: Context<WebEnv>, name: keyof typeof cookies, value: string, seconds = lifetime): void {
  setCookie(context, cookies[name], value, {
    ...{ httpOnly: true, sameSite: 'Lax', path: '/', maxAge: value === '' ? 0 : seconds },
    secure: context.get('source').origin.startsWith('https:'),
  });
}
