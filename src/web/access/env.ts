import type { HttpBindings } from '@hono/node-server';
import type { Reader } from '../../record/visibility.ts';
import type { Caller } from './caller.ts';

/** Where a request comes from, and to which of Volt's addresses it was sent. */
export interface RequestSource {
  /** network address of the sender */
  address: string;
  /** whether somebody on this machine has sent it, to an address of this machine alone */
  local: boolean;
  /** scheme, host and port as the browser has them: `http://127.0.0.1:8420` */
  origin: string;
}

/** hono's types of what goes with a request. */
export interface WebEnv {
  Bindings: HttpBindings;
  Variables: {
    source: RequestSource;
    /** who makes the request, by the token that it carries or the cookie from signing in */
    caller: Caller | undefined;
    /** which repositories they may read */
    reader: Reader;
    /** whether that is anybody who is known */
    signedIn: boolean;
    /** what the audit log calls it where it changes something, and what it is done to */
    action: string | undefined;
    target: string | undefined;
  };
}
