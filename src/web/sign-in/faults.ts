import * as oauth from 'oauth4webapi';
import { errorText, systemCode, VoltError } from '../../kernel/errors.ts';
import type { Provider } from '../../kernel/model/provider-shapes.ts';
import { plainText } from './told.ts';

/** The most characters of a provider's own words that are shown. */
const mostQuoted = 200;

/** Seconds by which the clocks of a provider and of Volt may differ. */
export const clockTolerance = 180;

/** Errors of a token endpoint that say that client and secret are not accepted: RFC 6749, 5.2, and GitHub's own. */
const clientErrors: readonly string[] = ['invalid_client', 'unauthorized_client', 'incorrect_client_credentials'];
/** Errors that say that the code is not good, or no more. */
const codeErrors: readonly string[] = ['invalid_grant', 'bad_verification_code'];

/** Whether an error of a token endpoint is about the code alone. */
export function isAboutCode(error: unknown): boolean {
  return typeof error === 'string' && codeErrors.includes(error);
}

/** A provider as people and commands name it. */
type Named = Pick<Provider, 'name' | 'title'>;

/** @param remedy in which NAME stands for the name of the provider */
export function providerRefused({ name, title }: Named, what: string, remedy: string, cause?: unknown): VoltError {
  return new VoltError('provider_refused', `${title} ${what}`, { remedy: remedy.replaceAll('NAME', name), cause });
}

/** The error of a token endpoint. @param said its `error` and `error_description`, as it has sent them */
export function tokenFault(of: Named, error: unknown, description: unknown, cause?: unknown): VoltError {
  const words = plainText(description, mostQuoted) ?? plainText(error, mostQuoted) ?? 'an error without a name';
  if (typeof error === 'string' && clientErrors.includes(error)) {
    return providerRefused(
      of,
      `does not accept Volt's client id and secret, and says "${words}"`,
      'An administrator gives the right ones: `volt provider set NAME --client-id ID --client-secret-file FILE`.',
      cause,
    );
  }
  if (isAboutCode(error)) {
    return new VoltError(
      'sign_in_expired',
      `${of.title} does not accept the code of this sign-in, and says "${words}"`,
      {
        remedy: 'Sign in again.',
        cause,
      },
    );
  }
  return providerRefused(of, `refuses to tell who you are, and says "${words}"`, checkIt, cause);
}

const checkIt = 'An administrator finds out more by `volt provider check NAME`.';

/** What the library for OAuth found wrong, for people. An error of Volt's own is returned as it is. */
export function faultOf(of: Named, error: unknown): unknown {
  if (error instanceof VoltError) return error;
  if (error instanceof oauth.AuthorizationResponseError) return authorizationFault(of, error);
  if (error instanceof oauth.ResponseBodyError) return tokenFault(of, error.error, error.error_description, error);
  if (error instanceof oauth.WWWAuthenticateChallengeError) {
    const { error: code = 'invalid_client', error_description } = error.cause[0]?.parameters ?? {};
    return tokenFault(of, code, error_description, error);
  }
  const isOfLibrary =
    error instanceof oauth.OperationProcessingError || error instanceof oauth.UnsupportedOperationError;
  // what a provider tells is an argument of the library, too
  if (!isOfLibrary && !systemCode(error)?.startsWith('ERR_INVALID_ARG_')) return error;
  if (systemCode(error) === oauth.JWT_TIMESTAMP_CHECK) {
    return providerRefused(
      of,
      'has sent an ID token that is not valid now',
      `Set the clocks of the provider and of this machine: they may differ by ${clockTolerance / 60} minutes at most.`,
      error,
    );
  }
  // the library's sentences name claims and properties, and never quote the provider
  return providerRefused(of, `has answered in a way that Volt does not trust: ${errorText(error)}`, checkIt, error);
}

function authorizationFault(of: Named, { error, error_description, ...rest }: oauth.AuthorizationResponseError) {
  if (error === 'access_denied') {
    return new VoltError('sign_in_refused', `${of.title} was not allowed to tell Volt who you are`, {
      remedy: 'Sign in again and allow it, or ask whoever manages the provider for access to Volt.',
      cause: rest,
    });
  }
  const words = plainText(error_description, mostQuoted) ?? plainText(error, mostQuoted) ?? 'nothing more';
  return providerRefused(of, `has not signed you in, and says "${words}"`, checkIt, rest);
}
