import { type Role, roleMeanings, roles } from '../src/kernel/roles.ts';
import type { Route } from '../src/web/api/route.ts';
import { routes } from '../src/web/api/routes.ts';

/** The page that says what each role is for, from the routes that ask for it. */
export function rolesPage(): string {
  const meanings = roles.map((role) => `| \`${role}\` | ${roleMeanings[role]} |\n`);
  return `# What each role may do

Each role includes those before it. A person has a role in the repositories that a [grant](access.md#roles) names; the role
\`admin\` is for all.

| role | may |
|---|---|
${meanings.join('')}
The forms and buttons of the pages ask for the same roles as the routes of the [API](access.md) below. Routes that only read,
and are not listed here, need the role \`read\`, or none where \`VOLT_READING\` allows it.

${roles.map(sectionOf).join('\n')}
This page is made from the routes in \`src/web/api/\` by \`npm run docs\`.
`;
}

function sectionOf(role: Role): string {
  const asked = routes.filter((route) => route.role === role && (route.confidential || route.method !== 'get'));
  if (asked.length === 0) return '';
  return `## \`${role}\`\n\n| what | route |\n|---|---|\n${asked.map(rowOf).join('')}`;
}

function rowOf({ summary, method, path }: Route): string {
  return `| ${summary.replaceAll('|', '\\|')} | \`${method.toUpperCase()} ${path}\` |\n`;
}
