import { type Command, InvalidArgumentError, Option } from 'commander';
import { durationStart } from '../kernel/build-duration.ts';
import { type BuildEvent, buildEvents } from '../kernel/build-events.ts';
import { type Status, statuses, statusWords } from '../kernel/model.ts';
import { hint } from '../kernel/similar-words.ts';
import type { buildList } from '../web/schemas/builds.ts';
import type { searchResults } from '../web/schemas/search.ts';
import { type Answer, Client, type Query } from './client.ts';
import type { CommandFile } from './command.ts';
import { configOf, integer, jsonOption } from './options.ts';
import { requireRepository } from './resolve.ts';
import { printEntries } from './table.ts';
import { mark, paint, plain, print, printJson } from './terminal.ts';
import { ago, took } from './times.ts';
import { buildName, buildVerdict, refText, shortSha } from './wording.ts';

type BuildList = Answer<typeof buildList>;

/** Branches, the newest first, that are compared with one that has no builds. */
const mostBranches = 50;

interface BuildsOptions {
  repo?: string;
  branch?: string;
  pullRequest?: number;
  status?: Status;
  event?: BuildEvent;
  author?: string;
  text?: string;
  failing?: boolean;
  commit?: string;
  before?: string;
  limit: number;
  json?: boolean;
}

export function buildsCommand(program: Command): CommandFile {
  const command = jsonOption(program.command('builds'))
    .summary('list builds')
    .description('Lists builds, newest first.')
    .option('--repo <name>', 'only builds of this repository')
    .option('--branch <name>', 'only builds of this branch')
    .option('--pull-request <number>', 'only builds of this pull request', integer(1, 999_999_999))
    .addOption(
      new Option(
        '--status <status>',
        `only builds with this status: ${statuses.join(', ')}, or the word shown for it`,
      ).argParser(statusOf),
    )
    .addOption(new Option('--event <event>', 'only builds that this has started').choices(buildEvents))
    .option('--author <name>', "only builds of commits with this in the author's name")
    .option('--text <text>', 'only builds of commits with this in their first line, or at the beginning of their sha')
    .option('--failing', 'only the newest builds of branches that are failing now')
    .option('--commit <sha>', 'only builds of this commit (full sha)')
    .option('--before <id>', 'only builds older than the one with this id; use it to get the next page')
    .option('--limit <number>', 'show at most this many builds', integer(1, 500), 20)
    .action(async ({ json, repo, branch, pullRequest: pull, commit: sha, ...options }: BuildsOptions) => {
      const client = Client.of(configOf(command));
      const page = await firstBuilds(client, { repo, branch, pull, sha, ...options });
      if (repo !== undefined && page.builds.length === 0) await requireRepository(client, repo);
      if (json) return printJson(page);
      const none = page.builds.length > 0 || branch === undefined ? 'no builds' : await noneOf(client, branch, repo);
      await printEntries(page.builds, none, {
        '': ({ status }) => mark(status),
        BUILD: buildName,
        STATUS: buildVerdict,
        REF: refText,
        COMMIT: ({ sha }) => shortSha(sha),
        DURATION: (build) => took(durationStart(build), build.finishedAt),
        AGE: ({ createdAt }) => ago(createdAt),
        // most builds are of pushes, and a terminal has 80 columns
        ...(page.builds.some(({ lastRequest }) => lastRequest) && { BY: requesterOf }),
        SUBJECT: ({ subject }) => plain(subject),
      });
      if (page.next !== null && process.stdout.isTTY) print(paint('dim', `next page: --before ${page.next}`));
    });
  return {
    command,
    examples: [
      ['volt builds', 'the newest builds of all repositories'],
      ['volt builds --repo my-project --branch main --status failure', 'what failed on main'],
      ['volt builds --failing', 'where branches are failing now'],
      ['volt builds --repo my-project --pull-request 7', 'the builds of a pull request'],
    ],
  };
}

/** Who has asked for a build, or for its last retry; empty where nobody has. */
function requesterOf({ lastRequest }: BuildList['builds'][number]): string {
  if (!lastRequest) return '';
  return lastRequest.kind === 'retry' ? `${plain(lastRequest.by)} (retry)` : plain(lastRequest.by);
}

/** The builds that fit, newest first, up to the limit. An answer may have fewer, since it searches a part of all builds. */
async function firstBuilds(client: Client, filter: Query & { limit: number }): Promise<BuildList> {
  const page = await client.get<BuildList>('/builds', filter);
  while (page.next !== null && page.builds.length < filter.limit) {
    const limit = filter.limit - page.builds.length;
    const { builds, next } = await client.get<BuildList>('/builds', { ...filter, before: page.next, limit });
    page.builds.push(...builds);
    page.next = next;
  }
  return page;
}

/** The sentence for a branch without such builds; it names a similar branch, since a person may have mistyped it. */
async function noneOf(client: Client, branch: string, repo: string | undefined): Promise<string> {
  const query = { kind: 'branch', repo, limit: mostBranches };
  const { results } = await client.get<Answer<typeof searchResults>>('/search', query);
  const meant = hint(
    branch,
    results.map(({ name }) => name),
  );
  return `no builds of the branch "${plain(branch)}"${plain(meant)}`;
}

/** @param text a status, or the word that people see for it */
function statusOf(text: string): Status {
  const found = statuses.find((status) => status === text || statusWords[status] === text);
  if (found) return found;
  const choices = statuses.map((status) => {
    const word = statusWords[status];
    return word === status ? status : `${status} (${word})`;
  });
  throw new InvalidArgumentError(`Allowed choices are ${choices.join(', ')}.`);
}
