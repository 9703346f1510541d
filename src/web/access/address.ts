import { isIP } from 'node:net';
import type { Context } from 'hono';
import type { WebEnv } from '../env.ts';

/** Headers by which a proxy says that it passes on somebody else's request. */
const passedOn = ['forwarded', 'x-forwarded-for', 'x-forwarded-host', 'x-real-ip', 'via'];

/** The request came over the loopback interface, from this machine, and no proxy says that it passes on another's. */
export function comesFromThisMachine(context: Context<WebEnv>): boolean {
  return !passedOn.some((header) => context.req.header(header) !== undefined) && isLoopback(socketAddress(context));
}

/**
 * The network address that a request comes from. What a proxy on this machine says of whom it serves is believed, as far
 * as it is its own word: the last entry of X-Forwarded-For.
 */
export function addressOf(context: Context<WebEnv>): string {
  const address = socketAddress(context);
  if (!isLoopback(address)) return address;
  const served = context.req.header('x-forwarded-for')?.split(',').at(-1)?.trim() ?? '';
  return isIP(served) === 0 ? address : served;
}

/** What counts as one sender: an address of IPv4, or the network of 64 bits that a household has of IPv6. */
export function networkOf(address: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
  if (mapped !== undefined) return mapped;
  if (isIP(address) !== 6) return address;
  const [head = '', tail] = (address.split('%')[0] ?? '').split('::');
  const parts = (text: string) => (text === '' ? [] : text.split(':'));
  const gap = tail === undefined ? 0 : 8 - parts(head).length - parts(tail).length;
  const all = [...parts(head), ...Array<string>(Math.max(gap, 0)).fill('0'), ...parts(tail ?? '')];
  return all
    .slice(0, 4)
    .map((part) => part.toLowerCase().replace(/^0+(?=.)/, ''))
    .join(':');
}

function socketAddress(context: Context<WebEnv>): string {
  return context.env.incoming.socket.remoteAddress ?? '';
}

function isLoopback(address: string): boolean {
  return address === '::1' || /^(::ffff:)?127\./.test(address);
}
