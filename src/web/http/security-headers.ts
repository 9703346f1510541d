import type { MiddlewareHandler } from 'hono';
import { secureHeaders } from 'hono/secure-headers';

const none: string[] = [];

const common = {
  xContentTypeOptions: 'nosniff',
  // "no-referrer" would make browsers send "Origin: null" with our own forms
  referrerPolicy: 'same-origin',
  xFrameOptions: 'DENY',
  crossOriginOpenerPolicy: 'same-origin',
  crossOriginResourcePolicy: 'same-origin',
  // pages need nothing of the device
  permissionsPolicy: { camera: none, microphone: none, geolocation: none, payment: none, usb: none },
  // Volt speaks plain HTTP; a proxy that adds TLS adds this too
  strictTransportSecurity: false,
} as const;

/** Headers of Volt's own pages and answers: nothing runs or loads that does not come from here as a file. */
export const pageHeaders: MiddlewareHandler = secureHeaders({
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

/** Headers of badges, which pages of other sites show. */
export const badgeHeaders: MiddlewareHandler = secureHeaders({
  ...common,
  crossOriginResourcePolicy: 'cross-origin',
  contentSecurityPolicy: { defaultSrc: ["'none'"] },
});

/** The inline styles of an icon of Bull Board's, the only ones that it makes. */
const iconStyles = "'sha256-r2N1TB/gHbBtBZFKg7ejmq1acVSREzucTAEw6ga4hoU='";

/** Headers of Bull Board, whose page is served without what else these would forbid, see board.ts. */
export const boardHeaders: MiddlewareHandler = secureHeaders({
  ...common,
  contentSecurityPolicy: {
    defaultSrc: ["'none'"],
    scriptSrc: ["'self'"],
    styleSrc: ["'self'", iconStyles],
    imgSrc: ["'self'", 'data:'],
    fontSrc: ["'self'", 'data:'],
    connectSrc: ["'self'"],
    workerSrc: ["'self'", 'blob:'],
    formAction: ["'self'"],
    baseUri: ["'self'"],
    frameAncestors: ["'none'"],
  },
});
