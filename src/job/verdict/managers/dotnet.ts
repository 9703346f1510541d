import { access, commit, network, type Rule, tool } from '../blame.ts';

/** .NET, which restores when it builds the tests. Codes: https://learn.microsoft.com/nuget/reference/errors-and-warnings */
export const dotnet: readonly Rule[] = [
  access(/error NU1301: .*\(40[13]/, 'NuGet has no access to a source'),
  network(/error NU1301: (?:.*for source )?(\S+)/, 'NuGet cannot reach $1'),
  commit(
    /error NU1101: Unable to find package ([\w.-]+?)\. /,
    'NuGet finds no package $1',
    'Correct its name in the project file',
  ),
  commit(
    /error NU1102: Unable to find package (\S+) with version (\([^)]*\))/,
    'NuGet finds no version $2 of $1',
    'Correct its version in the project file',
  ),
  commit(
    /error NU1004: /,
    'packages.lock.json does not fit the project file',
    'Run `dotnet restore --force-evaluate` and commit packages.lock.json',
  ),
  commit(/error (NU1[0-6]\d\d): (.*)$/, 'NuGet refuses the packages: $1: $2', 'Correct the project file'),
  tool(
    /error NETSDK1045: .*targeting (\.NET \S+?)\.?(?:\s|$)/,
    'the project needs the SDK of $1',
    'Install that .NET SDK on the runner',
  ),
  tool(
    /^(?:Requested SDK version: (\S+)|A compatible \.NET SDK was not found|You must install or update \.NET)/,
    ([version]) => `the runner has no .NET SDK ${version || 'that fits'}`,
    'Install it on the runner, or correct global.json',
  ),
];
