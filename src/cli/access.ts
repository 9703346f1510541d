import { Argument, type Command, Option } from 'commander';
import { type Role, roleMeanings, roles } from '../kernel/roles.ts';
import type { accessReasons, grantList } from '../web/schemas/grants.ts';
import { type Answer, Client } from './client.ts';
import type { CommandFile } from './command.ts';
import { collect, configOf, jsonOption } from './options.ts';
import { printEntries } from './table.ts';
import { plain, print, printJson } from './terminal.ts';
import { ago } from './times.ts';

type Grants = Answer<typeof grantList>;
type Reasons = Answer<typeof accessReasons>;

const whoMeaning = 'name of a person, or group:PROVIDER/GROUP for everybody in a group';

export function accessCommand(program: Command): CommandFile {
  const command = program
    .command('access')
    .summary('say who may do what in which repositories')
    .description(
      `Gives roles to people and groups, and takes them away. Each role includes those before it. ${roles
        .map((role) => `${role}: ${roleMeanings[role]}`)
        .join('; ')}. See docs/access.md.`,
    );
  const grant = command
    .command('grant')
    .description('Gives a role, for all repositories or for those that patterns match.')
    .argument('<who>', whoMeaning)
    .addArgument(new Argument('<role>', 'what they may do').choices(roles))
    .option('--repo <glob>', 'only for repositories that this matches, private ones too; may be repeated', collect)
    .action(async (who: string, role: Role, { repo: repos }: { repo?: string[] }) => {
      const { grants } = await Client.of(configOf(grant)).post<Grants>('/access/grant', { who, role, repos });
      for (const one of grants) print(`${plain(one.who)} has the role ${role} ${placeText(one.repos)}`);
    });
  const revoke = command
    .command('revoke')
    .description('Takes a role away, everywhere or for the patterns that are named. It ends within a minute.')
    .argument('<who>', whoMeaning)
    .addArgument(new Argument('[role]', 'by default every role').choices(roles))
    .option('--repo <glob>', 'only the grant for exactly this pattern; may be repeated', collect)
    .action(async (who: string, role: Role | undefined, { repo: repos }: { repo?: string[] }) => {
      const { grants } = await Client.of(configOf(revoke)).post<Grants>('/access/revoke', { who, role, repos });
      for (const one of grants) print(`took the role ${one.role} ${placeText(one.repos)} from ${plain(one.who)}`);
    });
  const list = jsonOption(command.command('ls'))
    .description('Lists the roles that were given.')
    .option('--who <who>', 'only those of this person or group')
    .addOption(new Option('--role <role>', 'only this role').choices(roles))
    .option('--repo <name>', 'only those that this repository is in')
    .action(async ({ json, ...filter }: { json?: boolean; who?: string; role?: Role; repo?: string }) => {
      const page = await Client.of(configOf(list)).get<Grants>(`/access?${new URLSearchParams(filter)}`);
      if (json) return printJson(page);
      await printEntries(page.grants, 'no roles were given; the main token may do everything', {
        WHO: ({ who }) => plain(who),
        ROLE: ({ role }) => role,
        REPOSITORIES: ({ repos }) => (repos === '*' ? 'all' : repos),
        GIVEN: ({ createdAt }) => ago(createdAt),
        BY: ({ createdBy }) => plain(createdBy),
      });
    });
  const why = jsonOption(command.command('why'))
    .description('Says why a person may do what they may in a repository, and who could give them more.')
    .argument('<person>')
    .argument('<repo>')
    .action(async (person: string, repo: string, { json }: { json?: boolean }) => {
      const path = `/repos/${encodeURIComponent(repo)}/access/${encodeURIComponent(person)}`;
      const reasons = await Client.of(configOf(why)).get<Reasons>(path);
      if (json) return printJson(reasons);
      for (const line of linesOf(reasons)) print(plain(line));
    });
  return {
    command,
    examples: [
      ['volt access grant ada own --repo app', 'let Ada manage one repository'],
      ['volt access grant group:github/acme:dev run --repo "team-*"', "let a team at GitHub run the team's builds"],
      ['volt access ls --repo app', 'who has which role there'],
      ['volt access why ada app', 'why Ada may or may not do something'],
      ['volt access revoke ada', 'take every role away from Ada'],
    ],
  };
}

function placeText(repos: string): string {
  return repos === '*' ? 'in all repositories' : `in ${repos}`;
}

function linesOf({ person, repo, blocked, role, grants, everybody, missing, admins }: Reasons): string[] {
  const [next] = missing;
  return [
    blocked
      ? `${person} is blocked, and may do nothing`
      : `${person} has ${role === null ? 'no role' : `the role ${role}`} in ${repo}`,
    ...grants.map(
      ({ who, role: given, repos, createdBy, createdAt }) =>
        `  ${given} ${placeText(repos)}${who === person ? '' : `, as one of ${who}`}: given by ${createdBy} ${ago(createdAt)}`,
    ),
    ...(everybody === null ? [] : [`  ${everybody}`]),
    ...(missing.length === 0
      ? []
      : [`${person} may not:`, ...missing.map(({ role: one, allows }) => `  ${one}: ${allows}`)]),
    ...(next === undefined
      ? []
      : [
          blocked
            ? `to let ${person} in again: volt people unblock ${person}`
            : `to give it: volt access grant ${person} ${next.role}${next.role === 'admin' ? '' : ` --repo ${repo}`}`,
          `who can do that: ${['whoever has the main token', ...admins].join(', ')}`,
        ]),
  ];
}
