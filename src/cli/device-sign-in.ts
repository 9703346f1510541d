import type * as OAuth from 'oauth4webapi';
import { VoltError } from '../kernel/errors.ts';
import type { Role } from '../kernel/roles.ts';
import { fetchErrorText } from '../system/fetch-error.ts';
import { pause } from '../system/wait.ts';

/** Milliseconds to wait for an answer. */
const timeout = 30_000;

/** Milliseconds by which a program that asks too often waits longer, RFC 8628, 3.5. */
const slowDown = 5000;

/** Seconds between two questions if the server does not say, RFC 8628, 3.2. */
const usualInterval = 5;

const client = { client_id: 'volt' };

const again = 'Sign in again: `volt login`.';

export interface GivenToken {
  token: string;
  /** its name at that Volt, and its role */
  name: string;
  role: string;
}

/**
 * Signs a command in at a Volt by the OAuth 2.0 device authorization grant, RFC 8628: the Volt gives a code, a person enters it in a
 * browser and confirms, and the command asks until then.
 */
export class DeviceSignIn {
  readonly #oauth: typeof OAuth;
  readonly #url: string;

  private constructor(oauth: typeof OAuth, url: string) {
    this.#oauth = oauth;
    this.#url = url;
  }

  /** @param url address of the Volt */
  static async at(url: string): Promise<DeviceSignIn> {
    return new DeviceSignIn(await import('oauth4webapi'), url);
  }

  /** @throws VoltError `web_unreachable`, `rate_limited` */
  async ask({ machine, role }: { machine: string; role: Role }): Promise<OAuth.DeviceAuthorizationResponse> {
    const { deviceAuthorizationRequest, processDeviceAuthorizationResponse, None, ResponseBodyError } = this.#oauth;
    try {
      const asked = { scope: role, machine };
      const answer = await deviceAuthorizationRequest(this.#server, client, None(), asked, this.#options);
      const codes = await processDeviceAuthorizationResponse(this.#server, client, answer);
      // the desktop would open whatever else it is, such as a file
      if (!/^https?:\/\//.test(codes.verification_uri)) throw new Error('its answer has no address to open');
      return codes;
    } catch (error) {
      if (error instanceof ResponseBodyError && error.error === 'slow_down') {
        throw new VoltError('rate_limited', 'too many programs ask to be signed in', {
          remedy: 'Wait a minute, then try again.',
          cause: error,
        });
      }
      throw this.#unreachable(error);
    }
  }

  /**
   * Asks for the token until a person has decided.
   * @throws VoltError `sign_in_refused`, `sign_in_expired`, `web_unreachable`
   */
  async awaitToken(codes: OAuth.DeviceAuthorizationResponse): Promise<GivenToken> {
    const end = performance.now() + codes.expires_in * 1000;
    let wait = (codes.interval ?? usualInterval) * 1000;
    while (performance.now() < end) {
      await pause(wait);
      const answer = await this.#poll(codes.device_code);
      if (typeof answer !== 'string') return answer;
      if (answer === 'slow_down') wait += slowDown;
      else if (answer === 'access_denied')
        throw new VoltError('sign_in_refused', 'the request was refused in the browser', { remedy: again });
      else if (answer === 'expired_token') break;
    }
    throw new VoltError('sign_in_expired', 'nobody confirmed the request in time', { remedy: again });
  }

  /** @returns the token, or why there is none yet */
  async #poll(code: string): Promise<GivenToken | string> {
    const { deviceCodeGrantRequest, processDeviceCodeResponse, None, ResponseBodyError } = this.#oauth;
    try {
      const answer = await deviceCodeGrantRequest(this.#server, client, None(), code, this.#options);
      const { access_token: token, scope = '', name } = await processDeviceCodeResponse(this.#server, client, answer);
      return { token, name: String(name), role: scope };
    } catch (error) {
      if (error instanceof ResponseBodyError) return error.error;
      // Volt restarts, or the network is away for a moment
      if (error instanceof TypeError || (error instanceof Error && error.name === 'TimeoutError')) return 'unreachable';
      throw this.#unreachable(error);
    }
  }

  get #server(): OAuth.AuthorizationServer {
    return {
      issuer: this.#url,
      device_authorization_endpoint: `${this.#url}/oauth/device`,
      token_endpoint: `${this.#url}/oauth/token`,
    };
  }

  get #options() {
    // a Volt without TLS is for this machine or its network, as with every other command
    return { [this.#oauth.allowInsecureRequests]: true, signal: AbortSignal.timeout(timeout) };
  }

  #unreachable(error: unknown): VoltError {
    return new VoltError('web_unreachable', `no Volt signs programs in at ${this.#url}: ${fetchErrorText(error)}`, {
      remedy: 'Check the address: `volt login URL`. For an older Volt, set VOLT_TOKEN.',
      cause: error,
    });
  }
}
