import { ofAccess, ofCommit, ofNetwork, ofTool, type Rule } from '../blame.ts';

/** .NET, which restores when it builds the tests. Codes: https://learn.microsoft.com/nuget/reference/errors-and-warnings */
export const dotnet: readonly Rule[] = [
  { line: /error NU1301: .*\(40[13]/, blame: () => ofAccess('NuGet has no access to a source') },
  { line: /error NU1301: (?:.*for source )?(\S+)/, blame: ([url]) => ofNetwork(`NuGet cannot reach ${url}`) },
  {
    line: /error NU1101: Unable to find package ([\w.-]+?)\. /,
    blame: ([name]) => ofCommit(`NuGet finds no package ${name}`, 'Correct its name in the project file'),
  },
  {
    line: /error NU1102: Unable to find package (\S+) with version (\([^)]*\))/,
    blame: ([name, version]) =>
      ofCommit(`NuGet finds no version ${version} of ${name}`, 'Correct its version in the project file'),
  },
  {
    line: /error NU1004: /,
    blame: () =>
      ofCommit(
        'packages.lock.json does not fit the project file',
        'Run `dotnet restore --force-evaluate` and commit packages.lock.json',
      ),
  },
  {
    line: /error (NU1[0-6]\d\d): (.*)$/,
    blame: ([code, said]) => ofCommit(`NuGet refuses the packages: ${code}: ${said}`, 'Correct the project file'),
  },
  {
    line: /error NETSDK1045: .*targeting (\.NET \S+)/,
    blame: ([name]) =>
      ofTool(`the project needs the SDK of ${name?.replace(/\.$/, '')}`, 'Install that .NET SDK on the runner'),
  },
  {
    line: /^(?:Requested SDK version: (\S+)|A compatible \.NET SDK was not found|You must install or update \.NET)/,
    blame: ([version]) =>
      ofTool(
        `the runner has no .NET SDK ${version || 'that fits'}`,
        'Install it on the runner, or correct global.json',
      ),
  },
];
