import type { HttpBindings } from '@hono/node-server';
import type { Reader } from '../record/visibility.ts';
import type { Caller } from './access/caller.ts';
import type { Whence } from './access/whence.ts';

/** hono's types of what goes with a request. */
export interface WebEnv {
  Bindings: HttpBindings;
  Variables: {
    /** where it comes from and which address it was sent to */
    whence: Whence;
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
