import type { HttpBindings } from '@hono/node-server';

/** hono's types of a request's surroundings. */
export interface WebEnv {
  Bindings: HttpBindings;
  Variables: {
    /** whether the request carries the token, or a cookie from signing in */
    signedIn: boolean;
  };
}
