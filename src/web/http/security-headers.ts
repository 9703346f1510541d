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
 * Headers of Volt's own pages and answers: browsers run and load files of this server only, and forms go there, too. A page may name
 * one more origin for its form, and one for the pictures of authors.
 */
export const pageHeaders: MiddlewareHandler = async (context, next) => {
  await ofPages(context, next);
  const name = 'content-security-policy';
  const wider = { 'form-action': context.get('formTarget'), 'img-src': context.get('pictures') };
  for (const [directive, origin] of Object.entries(wider)) {
    const policy = context.res.headers.get(name);
    if (origin !== undefined && policy !== null)
      context.res.headers.set(name, policy.replace(`${directive} 'self'`, `${directive} 'self' ${origin}`));
  }
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
