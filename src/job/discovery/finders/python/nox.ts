import { shellWord } from '../../../../system/shell-word.ts';
import type { Tree } from '../../tree.ts';
import { commandOf } from './command-line.ts';
import { type Needs, type NoCommand, needsOf, noNeeds, type OwnCommand } from './needs.ts';

/** Sessions that run tests; the first that is there counts. */
const testSessions = ['tests', 'test', 'unit', 'unit_tests', 'unittest', 'unittests', 'pytest', 'check'];

interface Session {
  name: string;
  /** the lines of the function */
  body: string[];
  isParametrized: boolean;
}

/**
 * The session of a noxfile.py that runs the tests. Its commands are run in Volt's environment, which is kept from build
 * to build, if its function does nothing but install and run; else nox runs it.
 */
export function nox(tree: Tree): OwnCommand | NoCommand | undefined {
  const because = 'noxfile.py';
  if (!tree.has(because)) return undefined;
  const sessions = sessionsIn(tree.text(because));
  const session = testSessions.map((name) => sessions.find((each) => each.name === name)).find((each) => each);
  if (!session) return { why: 'noxfile.py has no session "tests" or "test"' };
  const plain = session.isParametrized ? undefined : plainCommands(session.body);
  if (plain) return { because, why: `these are the commands of its session ${session.name}`, ...plain };
  return {
    because,
    why: `nox runs its session ${session.name}`,
    // a session for versions of Python that the machine does not have would be skipped, and count as passed
    command: `nox --non-interactive --force-python python3 --session ${shellWord(session.name)}`,
    needs: { ...noNeeds, packages: ['nox'] },
  };
}

function sessionsIn(text: string): Session[] {
  const lines = text.split(/\r?\n/);
  const sessions: Session[] = [];
  let decorators = '';
  for (const [index, line] of lines.entries()) {
    const name = /^(?:async )?def (\w{1,100})\(/.exec(line)?.[1];
    if (name !== undefined && /^@(nox\.)?session\b/m.test(decorators)) {
      const given = /^@(?:nox\.)?session\([^)]{0,500}\bname\s?=\s?["']([\w.-]{1,100})["']/m.exec(decorators)?.[1];
      const end = lines.findIndex((each, at) => at > index && /^[^\s)#]/.test(each));
      const body = lines.slice(index + 1, end < 0 ? undefined : end);
      sessions.push({ name: given ?? name, body, isParametrized: /parametrize/.test(decorators) });
    }
    // decorators may have arguments on lines of their own
    if (line.startsWith('@')) decorators += `${line}\n`;
    else if (decorators !== '' && /^[\s)]/.test(line)) decorators += `${line}\n`;
    else decorators = '';
    if (decorators.length > 10_000) decorators = '';
  }
  return sessions;
}

/** What a function does if it is made of `session.install` and `session.run` with constant texts alone. */
function plainCommands(body: readonly string[]): { command: string; needs: Needs } | undefined {
  const statements = statementsOf(body);
  if (!statements) return undefined;
  const installed: string[] = [];
  const commands: string[] = [];
  for (const statement of statements) {
    const [, method, args] = /^session\.(install|run)\((.*)\)$/s.exec(statement) ?? [];
    const words = args === undefined ? undefined : wordsOf(args);
    if (words === undefined) return undefined;
    if (method === 'install') installed.push(...words);
    else commands.push(commandOf(words));
  }
  const needs = needsOf(installed);
  if (!needs || commands.length === 0) return undefined;
  return { command: commands.join(' && '), needs };
}

/** Statements without their comments and the docstring; undefined where a block begins in the function. */
function statementsOf(body: readonly string[]): string[] | undefined {
  const text = body
    .map((line) => line.replace(/(^|\s)#.*$/, '').trim())
    .filter((line) => line !== '')
    .join('\n')
    .replace(/^[^\n]{0,200}\)(?: -> None)?:\n/, '')
    .replace(/^(?:"""[^"]{0,2000}"""|'''[^']{0,2000}'''|"[^"\n]{0,500}")\n/, '');
  const statements: string[] = [];
  let open = 0;
  let statement = '';
  for (const line of text.split('\n')) {
    if (open === 0 && line.endsWith(':')) return undefined;
    statement += line;
    open += count(line, '(') + count(line, '[') - count(line, ')') - count(line, ']');
    if (open > 0) continue;
    statements.push(statement);
    statement = '';
    open = 0;
  }
  return statement === '' ? statements : undefined;
}

function count(line: string, character: string): number {
  return line.split(character).length - 1;
}

/** The constant texts between the parentheses of a call; `*session.posargs` is empty. */
function wordsOf(args: string): string[] | undefined {
  const words: string[] = [];
  for (const part of splitArguments(args)) {
    if (part === '' || part === '*session.posargs' || /^(?:external|silent)\s?=\s?(?:True|False)$/.test(part)) continue;
    const text = /^(?:"([^"\\{}]*)"|'([^'\\{}]*)')$/.exec(part);
    if (!text) return undefined;
    words.push(text[1] ?? (text[2] as string));
  }
  return words;
}

/** Splits at commas outside of quotes. */
function splitArguments(args: string): string[] {
  const parts = [''];
  let quote = '';
  for (const character of args) {
    if (quote === '' && (character === '"' || character === "'")) quote = character;
    else if (character === quote) quote = '';
    if (character === ',' && quote === '') parts.push('');
    else parts[parts.length - 1] += character;
  }
  return parts.map((part) => part.trim());
}
