import { targetChange, targetRequest } from '../../schemas/notices.ts';
import { entriesIn, requestFrom } from '../fields/sent-form.ts';
import type { OptionFields } from './options-form.tsx';
import type { TargetFields } from './target-form.tsx';

/** The same requests as of the API, with the same limits. */

/** @throws VoltError `bad_request` */
export function requestOf({ name, kind, to, secret, on, ...fields }: TargetFields) {
  const owners = entriesIn(fields.owners);
  const domains = entriesIn(fields.domains);
  return requestFrom(targetRequest, {
    ...{ name, kind, to, on, repos: entriesIn(fields.repos), branches: entriesIn(fields.branches) },
    ...(secret !== undefined && secret !== '' && { secret }),
    options: { ...(owners.length > 0 && { owners }), ...(domains.length > 0 && { domains }) },
  });
}

/** An empty field takes the option away. @throws VoltError `bad_request` */
export function changeOf({ from = '', to = '', text, ...fields }: OptionFields) {
  const quiet = from === '' && to === '' ? null : { from, to };
  const options = Object.entries({ ...fields, text: text?.replaceAll('\r\n', '\n') });
  return requestFrom(targetChange, {
    options: { quiet, ...Object.fromEntries(options.map(([name, value]) => [name, value || null])) },
  });
}
