import { MappingToken, type TemplateToken } from '@actions/workflow-parser/templates/tokens/index';
import { evaluateValue } from './evaluate-value.ts';
import { type Scope, toText } from './expression.ts';
import type { Template } from './template.ts';
import type { TokenReader } from './token-reader.ts';
import { isObject } from './values.ts';
import type { Environment } from './workflow.ts';

/** As on GitHub. */
const longestName = 255;

/** The environment that a job deploys to. */
export interface Deployment {
  /** as the file has it; upper and lower case are the same */
  name: string;
  /** evaluated at the end of the job */
  url?: Template;
}

export function readEnvironment(reader: TokenReader, token: TemplateToken): Environment {
  if (!(token instanceof MappingToken)) return { name: reader.value(token) };
  const fields = new Map(reader.entries(token).map(({ key, value }) => [key, value]));
  const [name, url] = [fields.get('name'), fields.get('url')];
  const deployment = fields.get('deployment');
  if (deployment?.toString() === 'false')
    reader.report('warning', deployment, '`deployment` has no effect: Volt lists each deployment');
  return { name: name ? reader.value(name) : null, ...(url && { url: reader.template(url) }) };
}

/**
 * The environment of a job; undefined if its name is empty.
 * @throws ExpressionFailed; an Error if it cannot be a name
 */
export function deploymentOf(environment: Environment, scope: Scope): Deployment | undefined {
  const value = evaluateValue(environment.name, scope);
  // one expression can give the whole mapping
  const whole = isObject(value) ? value : { name: value };
  const name = toText(whole.name ?? null);
  if (name === '') return undefined;
  if (!isEnvironmentName(name)) {
    const shown = JSON.stringify(name.slice(0, 100));
    throw new Error(`${shown} cannot be the name of an environment: it is too long or has control characters`);
  }
  const url = environment.url ?? (typeof whole.url === 'string' && whole.url !== '' ? whole.url : undefined);
  return { name, ...(url !== undefined && { url }) };
}

function isEnvironmentName(name: string): boolean {
  return name.length <= longestName && !/\p{Cc}/u.test(name);
}
