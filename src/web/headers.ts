import type { MiddlewareHandler } from 'hono';
import { secureHeaders } from 'hono/secure-headers';
import type { WebEnv } from './env.ts';

const common = {
  xContentTypeOptions: 'nosniff',
  // "no-referrer" would make browsers send "Origin: null" with our own forms
  referrerPolicy: 'same-origin',
  xFrameOptions: 'DENY',
  crossOriginOpenerPolicy: 'same-origin',
  crossOriginResourcePolicy: 'same-origin',
  // Volt speaks plain HTTP; a proxy that adds TLS adds this too
  strictTransportSecurity: false,
} as const;

/** Headers of Volt's own pages and answers: nothing runs or loads that does not come from here as a file. */
export const pageHeaders: MiddlewareHandler<WebEnv> = secureHeaders({
  ...common,
  contentSecurityPolicy: {
    defaultSrc: ["'none'"],
    scriptSrc: ["'self'"],
    styleSrc: ["'self'"],
    imgSrc: ["'self'"],
    connectSrc: ["'self'"],
    formAction: ["'self'"],
    baseUri: ["'none'"],
    frameAncestors: ["'none'"],
  },
});

/** Headers of Bull Board, whose page sets styles inline and would load fonts from elsewhere. */
export const boardHeaders: MiddlewareHandler<WebEnv> = secureHeaders({
  ...common,
  contentSecurityPolicy: {
    defaultSrc: ["'none'"],
    scriptSrc: ["'self'"],
    styleSrc: ["'self'", "'unsafe-inline'"],
    imgSrc: ["'self'", 'data:'],
    fontSrc: ["'self'", 'data:'],
    connectSrc: ["'self'"],
    workerSrc: ["'self'", 'blob:'],
    formAction: ["'self'"],
    baseUri: ["'self'"],
    frameAncestors: ["'none'"],
  },
});
