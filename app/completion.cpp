#include "app/completion.hpp"

#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <vector>

namespace freshet {
namespace {

struct Word {
  std::string text;
  std::string description;  ///< one line
};

/// One command: the names that lead to it (`topics create`, empty for the root) and what may
/// follow.
struct Node {
  std::string path;
  std::vector<Word> subcommands;
  std::vector<Word> flags;
};

std::string first_line(const std::string& text) { return text.substr(0, text.find('\n')); }

std::vector<Word> flags_of(const CLI::App& app) {
  std::vector<Word> flags;
  for (const CLI::Option* option : app.get_options()) {
    for (const std::string& name : option->get_lnames()) {
      flags.push_back({"--" + name, first_line(option->get_description())});
    }
  }
  return flags;
}

void collect(const CLI::App& app, const std::string& path, std::vector<Node>& nodes) {
  Node node;
  node.path = path;
  node.flags = flags_of(app);
  const auto subcommands = app.get_subcommands([](const CLI::App*) { return true; });
  for (const CLI::App* subcommand : subcommands) {
    node.subcommands.push_back({subcommand->get_name(), first_line(subcommand->get_description())});
  }
  nodes.push_back(std::move(node));
  for (const CLI::App* subcommand : subcommands) {
    const std::string& name = subcommand->get_name();
    std::string below = path;
    below.append(path.empty() ? "" : " ").append(name);
    collect(*subcommand, below, nodes);
  }
}

std::vector<Node> nodes_of(const CLI::App& root) {
  std::vector<Node> nodes;
  collect(root, "", nodes);
  return nodes;
}

std::string join(const std::vector<Word>& words) {
  std::string out;
  for (const Word& word : words) {
    out += out.empty() ? word.text : " " + word.text;
  }
  return out;
}

/// Single quotes, for all three shells (fish needs the backslash escaped as well).
std::string quote(const std::string& text) {
  std::string out = "'";
  for (const char c : text) {
    out += c == '\'' ? std::string{"'\\''"} : std::string{c};
  }
  return out + "'";
}

std::string fish_quote(const std::string& text) {
  std::string out = "'";
  for (const char c : text) {
    if (c == '\'' || c == '\\') {
      out += '\\';
    }
    out += c;
  }
  return out + "'";
}

/// The shell function that walks the words typed so far to the command they name. Bash and zsh.
std::string walk_function(const std::vector<Node>& nodes) {
  std::string out =
      "_freshet_subcommands() {\n"
      "  case \"$1\" in\n";
  for (const Node& node : nodes) {
    out += fmt::format("    {}) echo {} ;;\n", quote(node.path), quote(join(node.subcommands)));
  }
  out += "  esac\n}\n_freshet_flags() {\n  case \"$1\" in\n";
  for (const Node& node : nodes) {
    out += fmt::format("    {}) echo {} ;;\n", quote(node.path), quote(join(node.flags)));
  }
  out +=
      "  esac\n}\n"
      "# The longest chain of subcommands among the words, flags and their values left out.\n"
      "_freshet_path() {\n"
      "  local path='' word\n"
      "  for word in \"$@\"; do\n"
      "    case \" $(_freshet_subcommands \"$path\") \" in\n"
      "      *\" $word \"*) path=\"${path:+$path }$word\" ;;\n"
      "    esac\n"
      "  done\n"
      "  echo \"$path\"\n"
      "}\n"
      "_freshet_words() {\n"
      "  local path; path=\"$(_freshet_path \"$@\")\"\n"
      "  echo \"$(_freshet_subcommands \"$path\") $(_freshet_flags \"$path\")"
      " $(_freshet_flags '')\"\n"
      "}\n";
  return out;
}

}  // namespace

std::string bash_completion(const CLI::App& root) {
  return "# freshet: completion for bash. Use: source <(freshet completion bash)\n" +
         walk_function(nodes_of(root)) +
         "_freshet() {\n"
         "  local current=\"${COMP_WORDS[COMP_CWORD]}\"\n"
         "  mapfile -t COMPREPLY < <(compgen -W \"$(_freshet_words "
         "\"${COMP_WORDS[@]:1:COMP_CWORD-1}\")\" -- \"$current\")\n"
         "}\n"
         "complete -o default -F _freshet freshet\n";
}

std::string zsh_completion(const CLI::App& root) {
  return "#compdef freshet\n"
         "# freshet: completion for zsh. Use: source <(freshet completion zsh)\n" +
         walk_function(nodes_of(root)) +
         "_freshet() {\n"
         "  local -a candidates\n"
         "  candidates=(${=$(_freshet_words \"${(@)words[2,CURRENT-1]}\")})\n"
         "  compadd -- $candidates || _files\n"
         "}\n"
         "compdef _freshet freshet\n";
}

std::string fish_completion(const CLI::App& root) {
  const std::vector<Node> nodes = nodes_of(root);
  std::string out =
      "# freshet: completion for fish. Use: freshet completion fish | source\n"
      "function __freshet_subcommands\n  switch \"$argv[1]\"\n";
  for (const Node& node : nodes) {
    std::string words;
    for (const Word& word : node.subcommands) {
      words += "\\n" + word.text;
    }
    if (!words.empty()) {
      out += fmt::format("    case {}\n      printf {}\n", fish_quote(node.path),
                         "'" + words.substr(2) + "\\n'");
    }
  }
  out +=
      "  end\nend\n"
      "# Whether the words typed so far name exactly this command.\n"
      "function __freshet_at\n"
      "  set -l path ''\n"
      "  for word in (commandline -opc)[2..-1]\n"
      "    if contains -- $word (__freshet_subcommands \"$path\")\n"
      "      set path (string trim \"$path $word\")\n"
      "    end\n"
      "  end\n"
      "  test \"$path\" = \"$argv[1]\"\n"
      "end\n";
  for (const Node& node : nodes) {
    const std::string condition = fish_quote("__freshet_at " + fish_quote(node.path));
    for (const Word& word : node.subcommands) {
      out += fmt::format("complete -c freshet -f -n {} -a {} -d {}\n", condition,
                         fish_quote(word.text), fish_quote(word.description));
    }
    // The root's flags are settings: they may stand anywhere.
    const std::string where = node.path.empty() ? "" : " -n " + condition;
    for (const Word& word : node.flags) {
      out += fmt::format("complete -c freshet{} -l {} -d {}\n", where, word.text.substr(2),
                         fish_quote(word.description));
    }
  }
  return out;
}

}  // namespace freshet
