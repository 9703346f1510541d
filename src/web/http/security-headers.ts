import type { MiddlewareHandler } from 'hono';
import { secureHeaders } from 'hono/secure-headers';

const none: string[] = [];

const common = {
  xContentTypeOptions: 'nosniff',
  // with "no-referrer", browsers would send "Origin: null" with our own forms
  referrerPolicy: 'same-origin',
  xFrameOptions: 'DENY',
  crossOriginOpenerPolicy: 'same-origin',
  crossOriginResourcePolicy: 'same-origin',
  // pages need nothing of the device
  permissionsPolicy: { camera: none, microphone: none, geolocation: none, payment: none, usb: none },
  // Volt speaks plain HTTP; a proxy that adds TLS adds this header
  strictTransportSecurity: false,
} as const;

const ofPages: MiddlewareHandler = secureHeaders({
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

/**
 * Headers of Volt's own pages and answers: browsers run and load files of this server only. Forms go there, too, but for the one that
 * a page names.
 */
export const pageHeaders: MiddlewareHandler = async (context, next) => {
  await ofPages(context, next);
  const name = 'content-security-policy';
  const target: string | undefined = context.get('formTarget');
  const policy = context.res.headers.get(name);
  if (target !== undefined && policy !== null)
    context.res.headers.set(name, policy.replace("form-action 'self'", `form-action 'self' ${target}`));
};

/** Headers of badges, which pages of other sites embed. */
export const badgeHeaders: MiddlewareHandler = secureHeaders({
  ...common,
  crossOriginResourcePolicy: 'cross-origin',
  contentSecurityPolicy: { defaultSrc: ["'none'"] },
});

/** Hash of the inline styles of an icon, the only inline styles of Bull Board. */
const iconStyles = "'sha256-r2N1TB/gHbBtBZFKg7ejmq1acVSREzucTAEw6ga4hoU='";

/** Headers of Bull Board; pages/queue-board.ts removes from its page whatever else they forbid. */
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
