import type { HttpBindings } from '@hono/node-server';
import type { ToldIdentity } from '../../record/identities.ts';
import type { Reader } from '../../record/visibility.ts';
import type { Caller } from './caller.ts';

/** Where a request comes from, and to which address of Volt it was sent. */
export interface RequestSource {
  /** network address of the sender */
  address: string;
  /** whether a program of this machine sent it to a loopback address */
  local: boolean;
  /** scheme, host and port that the browser shows: `http://127.0.0.1:8420` */
  origin: string;
}

/** What Volt stores with each request, in hono's form. */
export interface WebEnv {
  Bindings: HttpBindings;
  Variables: {
    source: RequestSource;
    /** who makes the request, by its token or session cookie */
    caller: Caller | undefined;
    /** id of the session that the request was sent with */
    session: string | undefined;
    /** who the person is, as a proxy in front of Volt tells */
    told: ToldIdentity | undefined;
    /** which repositories the caller may read */
    reader: Reader;
    /** whether there is a caller */
    signedIn: boolean;
    /** for the audit log: what the request does, and to what */
    action: string | undefined;
    target: string | undefined;
    /** of a page: number of the last change of a build before the page was made */
    change: number | undefined;
    /** the request that it has made, which is carried out later */
    intent: number | undefined;
    /** origin of another site that a form of the page goes to */
    formTarget: string | undefined;
    /** origin of the pictures of authors, which a page shows */
    pictures: string | undefined;
  };
}
