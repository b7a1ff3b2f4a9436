import { type Command, Help } from 'commander';

/** An option that may be repeated begins as an empty list, which says nothing to a reader. */
const describeOption: Help['optionDescription'] = (option) =>
  new Help().optionDescription(option).replace(/ ?\(default: \[\]\)/, '');

/**
 * Help for this command and all below it: in 80 columns, and after a mistake the way to the help of the
 * very command that it was made in. `path` is how the command is typed.
 */
export function addHelp(command: Command, path = command.name()): void {
  const isGroup = command.commands.length > 0;
  const hint = isGroup ? 'lists the commands' : 'has what it takes';
  command.showHelpAfterError(`(npx ${path} --help ${hint})`);
  command.configureHelp({
    optionDescription: describeOption,
    // With all that they take, the names leave no room for what the commands do.
    ...(command.parent === null ? { subcommandTerm: (each) => each.name() } : {}),
  });
  if (isGroup)
    command.addHelpText('after', `\nnpx ${path} <command> --help has what a command takes.`);
  for (const each of command.commands) addHelp(each, `${path} ${each.name()}`);
}
