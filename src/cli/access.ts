import { Argument, type Command, Option } from 'commander';
import { accessSentences } from '../kernel/access-words.ts';
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
      const grants = await Client.of(configOf(list)).all<Grants['grants'][number]>('/access', 'grants', filter);
      if (json) return printJson({ grants, next: null });
      await printEntries(grants, 'no roles were given; the main token may do everything', {
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

function linesOf(reasons: Reasons): string[] {
  const { person, repo, blocked, grants, missing, admins } = reasons;
  const whoCan = `who can do that: ${['whoever has the main token', ...admins].join(', ')}`;
  const given = grants.map(
    ({ who, role, repos, createdBy, createdAt }) =>
      `  ${role} ${placeText(repos)}${who === person ? '' : `, as one of ${who}`}: given by ${createdBy} ${ago(createdAt)}`,
  );
  const [says = '', ...others] = accessSentences(reasons);
  if (blocked) {
    const kept = given.length === 0 ? [] : ['roles that count again once that ends:', ...given];
    return [says, ...others, ...kept, `to let ${person} in again: volt people unblock ${person}`, whoCan];
  }
  const [next] = missing;
  if (next === undefined) return [says, ...given];
  const place = next.role === 'admin' ? '' : ` --repo ${repo}`;
  return [
    ...[says, ...given, ...others],
    `what ${person} may not do, and the role that allows it:`,
    ...missing.map(({ role, allows }) => `  ${role}: ${allows}`),
    `to give the role ${next.role}: volt access grant ${person} ${next.role}${place}`,
    whoCan,
  ];
}
