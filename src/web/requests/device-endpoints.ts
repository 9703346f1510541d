import type { Context } from 'hono';
import * as z from 'zod';
import { roles } from '../../kernel/roles.ts';
import { addDeviceRequest, deviceLifetime, pollInterval, slowDown } from '../../record/device-requests.ts';
import { takeDeviceToken } from '../../record/personal-tokens.ts';
import { logAction } from '../access/audit.ts';
import type { WebEnv } from '../access/env.ts';
import { type Rate, RateLimiter } from '../access/rate-limit.ts';
import { addressForOthers } from '../access/sign-in-address.ts';
import { networkOf } from '../http/network.ts';
import type { Web } from '../services.ts';

/** Requests of programs of one network to be signed in. */
const askRate: Rate = { burst: 10, perSecond: 1 / 20 };

/** Questions of programs of one network what has become of them: twelve programs at once. */
const pollRate: Rate = { burst: 120, perSecond: 6 };

/** Where a person enters the code that a program shows. */
export const devicePath = '/device';

/** A name that a program gives itself or its machine; control and invisible characters could change what a person sees. */
const shownName = z
  .string()
  .trim()
  .min(1)
  .max(64)
  .regex(/^[^\p{C}\p{Zl}\p{Zp}]+$/u);

const request = z.object({
  client_id: shownName,
  scope: z.enum(roles).default('read'),
  machine: shownName.default('an unnamed machine'),
});

const question = z.object({
  grant_type: z.literal('urn:ietf:params:oauth:grant-type:device_code'),
  device_code: z.string().min(1).max(200),
});

/** Error codes of RFC 6749, 5.2 and RFC 8628, 3.5. */
type OAuthError =
  | 'invalid_request'
  | 'unsupported_grant_type'
  | 'authorization_pending'
  | 'slow_down'
  | 'access_denied'
  | 'expired_token';

/**
 * Signs in programs that have no browser, by the OAuth 2.0 device authorization grant (RFC 8628). The scope is a role, and a
 * parameter of Volt's own names the machine. Neither endpoint needs a token or reads a cookie, and both answer in the form of OAuth.
 */
export class DeviceEndpoints {
  readonly #web: Web;
  readonly #asked = new RateLimiter(askRate);
  readonly #polled = new RateLimiter(pollRate);

  constructor(web: Web) {
    this.#web = web;
  }

  /** `POST /oauth/device`: a program asks to be signed in. */
  async ask(context: Context<WebEnv>): Promise<Response> {
    const { address, origin } = context.get('source');
    const parsed = request.safeParse(await context.req.parseBody());
    if (!parsed.success)
      return refused(context, 'invalid_request', `${parsed.error.issues[0]?.path.join('.')} is not valid`);
    const { client_id: program, machine, scope: role } = parsed.data;
    const codes = this.#asked.take(networkOf(address))
      ? await addDeviceRequest(this.#web.database, { program, machine, role, address })
      : undefined;
    if (!codes) {
      context.header('retry-after', String(this.#asked.pause));
      return refused(context, 'slow_down', 'too many programs ask to be signed in', 429);
    }
    const { hosts, guard } = this.#web;
    const here = addressForOthers(origin, { hosts, privateHost: guard.privateHost });
    return answer(context, {
      device_code: codes.deviceCode,
      user_code: codes.userCode,
      verification_uri: `${here}${devicePath}`,
      expires_in: deviceLifetime / 1000,
      interval: pollInterval / 1000,
    });
  }

  /** `POST /oauth/token`: the program asks for its token, until a person has decided. */
  async token(context: Context<WebEnv>): Promise<Response> {
    const { address } = context.get('source');
    const body = await context.req.parseBody();
    const parsed = question.safeParse(body);
    if (!parsed.success) {
      const known = body.grant_type === question.shape.grant_type.value;
      return refused(context, known ? 'invalid_request' : 'unsupported_grant_type', 'this is for device codes only');
    }
    if (!this.#polled.take(networkOf(address))) return refused(context, 'slow_down', 'asked too often');
    const taken = await takeDeviceToken(this.#web.database, parsed.data.device_code);
    switch (taken.state) {
      case 'open':
        return refused(context, 'authorization_pending', 'nobody has confirmed the request yet');
      case 'asked_too_soon':
        return refused(context, 'slow_down', `wait ${slowDown / 1000} seconds longer between two questions`);
      case 'refused':
        return refused(context, 'access_denied', 'the request was refused');
      case 'expired':
        return refused(context, 'expired_token', 'the request has expired, or its token was taken already');
      case 'confirmed': {
        const { name, role, token } = taken.made;
        context.set('target', name);
        await logAction(this.#web, context, { actor: taken.by, action: 'device.token', status: 200 });
        return answer(context, { access_token: token, token_type: 'Bearer', scope: role, name });
      }
    }
  }
}

function answer(context: Context<WebEnv>, value: object): Response {
  return context.json(value, 200, { 'cache-control': 'no-store' });
}

function refused(context: Context<WebEnv>, error: OAuthError, about: string, status: 400 | 429 = 400): Response {
  return context.json({ error, error_description: about }, status, { 'cache-control': 'no-store' });
}
