// SPDX-License-Identifier: Apache-2.0
// A loop of TensorFlow 1, for each of its variables:
//
//   Enter ─► Merge ─► Switch ─:0─► Exit
//              ▲        └────:1─► … body … ─► NextIteration ─┐
//              └─────────────────────────────────────────────┘
//   with one LoopCond, computed from the Merges, that all Switches read; and
//   Enters marked is_constant for values that stay what they are.
//
// A condition: Switch(x, p) passes x on to its output 1 where p holds and to
// 0 where not; Merge takes whichever of its inputs arrives. What lies between,
// or depends on it by a control input alone, belongs to the branch.
// Source: Yu et al., "Dynamic control flow in large-scale machine learning"
// (2018).
#include "import/saved_model/raise_control_flow.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "base/try.h"
#include "function/concrete_function.h"

namespace liteforge {
namespace {

bool Is(const tf::NodeDef& node, std::string_view op) {
  return node.op() == op || (node.op().starts_with("Ref") &&
                             std::string_view(node.op()).substr(3) == op);
}

// A tensor with its output always written: "node:0".
std::string Full(std::string_view node, int output) {
  return fmt::format("{}:{}", node, output);
}

// Which way predicates have gone where a node runs.
using Conditions = std::set<std::pair<std::string, bool>>;

class ControlFlowRaiser {
 public:
  explicit ControlFlowRaiser(tf::GraphDef& graph) : graph_(graph) { Index(); }

  Result<void> Run() {
    TRY(RaiseConditions());
    return RaiseLoops();
  }

 private:
  using Inputs = std::vector<std::string>;  // data inputs, full

  void Index() {
    nodes_.clear();
    for (tf::NodeDef& node : *graph_.mutable_node())
      nodes_[node.name()] = &node;
  }
  tf::NodeDef* Find(std::string_view name) const {
    const auto found = nodes_.find(name);
    return found == nodes_.end() ? nullptr : found->second;
  }
  static Inputs DataInputs(const tf::NodeDef& node) {
    Inputs inputs;
    for (const std::string& input : node.input()) {
      const InputReference at = ParseInput(input);
      if (!at.control) inputs.push_back(Full(at.node, at.output));
    }
    return inputs;
  }
  tf::NodeDef* AddNode(const std::string& name, const char* op) {
    tf::NodeDef* node = graph_.add_node();
    node->set_name(name);
    node->set_op(op);
    nodes_[node->name()] = node;
    return node;
  }
  std::string FreeName(const std::string& wanted) const {
    std::string name = wanted;
    for (int i = 1; Find(name) != nullptr; ++i)
      name = fmt::format("{}_{}", wanted, i);
    return name;
  }

  //------------------------------------------------------------- extraction

  // A function of `arguments` (full tensors of the graph) that gives
  // `results`. What `results` depend on is copied, up to the arguments.
  // `aliases` are further tensors that mean an argument.
  Result<std::string> Extract(const std::string& name, const Inputs& arguments,
                              const std::map<std::string, size_t>& aliases,
                              const Inputs& results);

  //------------------------------------------------------------- conditions

  Result<void> RaiseConditions();
  Result<void> RaiseMerge(tf::NodeDef& merge);
  bool IsLoopMerge(const tf::NodeDef& merge) const;
  bool IsLoopSwitch(const tf::NodeDef& node) const;
  std::string PredicateOf(const tf::NodeDef& node) const;
  std::vector<tf::NodeDef*> InOrder() const;
  void Note(const tf::NodeDef& node);
  Conditions Before(const tf::NodeDef& node) const;
  Conditions At(std::string_view tensor) const;
  void CollectCaptured(const std::string& root,
                       const std::pair<std::string, bool>& way,
                       Inputs& captured,
                       std::map<std::string, size_t>& aliases) const;

  //------------------------------------------------------------------ loops

  struct Variable {
    std::string initial;  // what enters
    std::string result;   // what NextIteration reads
    tf::NodeDef* merge = nullptr;
    tf::NodeDef* branch = nullptr;  // the Switch
    tf::NodeDef* exit = nullptr;    // null: nobody wants it
  };
  struct Constant {
    std::string initial;
    tf::NodeDef* enter = nullptr;
  };
  struct Frame {
    std::vector<Variable> variables;
    std::vector<Constant> constants;
    std::string test;  // what LoopCond reads
  };

  Result<void> RaiseLoops();
  Result<Frame> ReadFrame(const std::string& name,
                          const std::vector<tf::NodeDef*>& enters);
  bool HoldsLoops(const Frame& frame) const;
  Result<void> RaiseLoop(const std::string& name, const Frame& frame);
  std::vector<tf::NodeDef*> ReadersOf(const tf::NodeDef& node,
                                      std::string_view op) const;

  tf::GraphDef& graph_;
  std::unordered_map<std::string_view, tf::NodeDef*> nodes_;
  std::unordered_map<std::string_view, std::vector<tf::NodeDef*>> readers_;
  std::unordered_map<std::string_view, Conditions> conditions_;
};

//--------------------------------------------------------------- extraction

Result<std::string> ControlFlowRaiser::Extract(
    const std::string& name, const Inputs& arguments,
    const std::map<std::string, size_t>& aliases, const Inputs& results) {
  tf::FunctionDef& function = *graph_.mutable_library()->add_function();
  function.mutable_signature()->set_name(name);
  const auto argument = [&](size_t i) {
    return fmt::format("{}_argument_{}", name, i);
  };
  std::map<std::string, std::string> known;
  for (size_t i = 0; i < arguments.size(); ++i) {
    function.mutable_signature()->add_input_arg()->set_name(argument(i));
    known.emplace(arguments[i], argument(i));
  }
  for (const auto& [tensor, i] : aliases) known.emplace(tensor, argument(i));
  std::unordered_set<std::string_view> copied;
  Inputs open;
  const auto bind = [&](const std::string& tensor) {
    const auto found = known.find(tensor);
    if (found != known.end()) return found->second;
    open.push_back(tensor);
    return tensor;
  };
  for (size_t i = 0; i < results.size(); ++i) {
    const std::string output = fmt::format("output_{}", i);
    function.mutable_signature()->add_output_arg()->set_name(output);
    (*function.mutable_ret())[output] = bind(results[i]);
  }
  while (!open.empty()) {
    const std::string tensor = open.back();
    open.pop_back();
    const tf::NodeDef* node = Find(ParseInput(tensor).node);
    if (node == nullptr) {
      return InvalidModel(fmt::format(
          "'{}' is read, which does not exist; the graph is damaged", tensor));
    }
    if (!copied.insert(node->name()).second) continue;
    tf::NodeDef& copy = *function.add_node_def();
    copy = *node;
    copy.clear_input();
    for (const std::string& input : DataInputs(*node))
      copy.add_input(bind(input));
  }
  return name;
}

//--------------------------------------------------------------- conditions

bool ControlFlowRaiser::IsLoopMerge(const tf::NodeDef& merge) const {
  for (const std::string& input : merge.input()) {
    const tf::NodeDef* from = Find(ParseInput(input).node);
    if (from != nullptr && Is(*from, "NextIteration")) return true;
  }
  return false;
}

bool ControlFlowRaiser::IsLoopSwitch(const tf::NodeDef& node) const {
  if (node.input_size() < 2) return false;
  const tf::NodeDef* predicate = Find(ParseInput(node.input(1)).node);
  return predicate != nullptr && Is(*predicate, "LoopCond");
}

// What a Switch asks for, where it is computed: one predicate has many names
// within its branches.
std::string ControlFlowRaiser::PredicateOf(const tf::NodeDef& node) const {
  InputReference at = ParseInput(node.input(1));
  for (size_t steps = 0; steps < nodes_.size(); ++steps) {
    const tf::NodeDef* from = Find(at.node);
    const bool passes_on = from != nullptr && from->input_size() > 0 &&
                           (Is(*from, "Identity") ||
                            (Is(*from, "Switch") && !IsLoopSwitch(*from)));
    if (!passes_on) break;
    at = ParseInput(from->input(0));
  }
  return Full(at.node, at.output);
}

// All nodes, each behind what it reads, but for the ways back of loops.
std::vector<tf::NodeDef*> ControlFlowRaiser::InOrder() const {
  std::vector<tf::NodeDef*> order;
  std::unordered_set<const tf::NodeDef*> entered;
  std::vector<std::pair<tf::NodeDef*, int>> stack;
  for (tf::NodeDef& root : *graph_.mutable_node()) {
    if (entered.insert(&root).second) stack.emplace_back(&root, 0);
    while (!stack.empty()) {
      auto& [node, next] = stack.back();
      if (next == node->input_size() || Is(*node, "NextIteration")) {
        order.push_back(node);
        stack.pop_back();
        continue;
      }
      tf::NodeDef* from = Find(ParseInput(node->input(next++)).node);
      if (from != nullptr && entered.insert(from).second)
        stack.emplace_back(from, 0);
    }
  }
  return order;
}

Conditions ControlFlowRaiser::At(std::string_view tensor) const {
  const InputReference at = ParseInput(tensor);
  const auto found = conditions_.find(at.node);
  Conditions here = found == conditions_.end() ? Conditions() : found->second;
  const tf::NodeDef* node = Find(at.node);
  if (node == nullptr || at.control || !Is(*node, "Switch") ||
      IsLoopSwitch(*node) || node->input_size() < 2)
    return here;
  here.emplace(PredicateOf(*node), at.output == 1);
  return here;
}

Conditions ControlFlowRaiser::Before(const tf::NodeDef& node) const {
  Conditions all;
  for (const std::string& input : node.input()) all.merge(At(input));
  return all;
}

// The tensors that a branch takes from outside it. A Switch on the predicate
// is the way in: its data input is taken, its outputs mean that.
void ControlFlowRaiser::CollectCaptured(
    const std::string& root, const std::pair<std::string, bool>& way,
    Inputs& captured, std::map<std::string, size_t>& aliases) const {
  const auto capture = [&](const std::string& tensor) {
    const auto found = std::ranges::find(captured, tensor);
    if (found != captured.end())
      return static_cast<size_t>(found - captured.begin());
    captured.push_back(tensor);
    return captured.size() - 1;
  };
  std::unordered_set<std::string> seen;
  Inputs open = {root};
  while (!open.empty()) {
    const std::string tensor = open.back();
    open.pop_back();
    if (!seen.insert(tensor).second) continue;
    const tf::NodeDef* node = Find(ParseInput(tensor).node);
    if (node == nullptr) continue;
    const Inputs inputs = DataInputs(*node);
    if (Is(*node, "Switch") && inputs.size() == 2 &&
        PredicateOf(*node) == way.first) {
      aliases[tensor] = capture(inputs[0]);
    } else if (!At(tensor).contains(way)) {
      capture(tensor);
    } else {
      open.insert(open.end(), inputs.begin(), inputs.end());
    }
  }
}

Result<void> ControlFlowRaiser::RaiseMerge(tf::NodeDef& merge) {
  const Inputs inputs = DataInputs(merge);
  const auto damaged = [&] {
    return InvalidModel(fmt::format(
        "node '{}' (Merge): no Switch tells its inputs apart; the graph is "
        "damaged",
        merge.name()));
  };
  // No condition: the first to arrive is the first.
  const auto always = [&](const std::string& tensor) {
    return At(tensor) == At(inputs[0]);
  };
  if (!inputs.empty() && std::ranges::all_of(inputs, always)) {
    conditions_[merge.name()] = At(inputs[0]);
    merge.set_op("Identity");
    merge.clear_input();
    merge.add_input(inputs[0]);
    return {};
  }
  if (inputs.size() != 2) return damaged();
  const Conditions first = At(inputs[0]), second = At(inputs[1]);
  const auto way = std::ranges::find_if(first, [&](const auto& condition) {
    return second.contains({condition.first, !condition.second});
  });
  if (way == first.end()) return damaged();
  const std::string predicate = way->first;
  const std::string yes = inputs[way->second ? 0 : 1];
  const std::string no = inputs[way->second ? 1 : 0];
  Inputs captured;
  std::map<std::string, size_t> yes_aliases, no_aliases;
  CollectCaptured(yes, {predicate, true}, captured, yes_aliases);
  CollectCaptured(no, {predicate, false}, captured, no_aliases);
  TRY_ASSIGN(const std::string then_name,
             Extract(merge.name() + "/then", captured, yes_aliases, {yes}));
  TRY_ASSIGN(const std::string else_name,
             Extract(merge.name() + "/else", captured, no_aliases, {no}));
  Conditions after = first;
  after.insert(second.begin(), second.end());
  after.erase({predicate, true});
  after.erase({predicate, false});
  conditions_[merge.name()] = std::move(after);
  merge.set_op("StatelessIf");
  merge.clear_input();
  merge.add_input(predicate);
  for (const std::string& tensor : captured) merge.add_input(tensor);
  auto& attributes = *merge.mutable_attr();
  attributes["then_branch"].mutable_func()->set_name(then_name);
  attributes["else_branch"].mutable_func()->set_name(else_name);
  return {};
}

Result<void> ControlFlowRaiser::RaiseConditions() {
  std::vector<tf::NodeDef*> switches;
  std::vector<std::string> merges;
  for (tf::NodeDef* node : InOrder()) {
    if (Is(*node, "Merge") && !IsLoopMerge(*node)) {
      TRY(RaiseMerge(*node));
      merges.push_back(node->name());
      continue;
    }
    conditions_[node->name()] = Before(*node);
    if (Is(*node, "Switch") && !IsLoopSwitch(*node)) switches.push_back(node);
  }
  // Who reads which of a Merge's inputs came, reads the predicate; Switches
  // that are left pass on to both sides.
  const std::set<std::string_view> raised(merges.begin(), merges.end());
  std::set<std::string_view> open;
  for (tf::NodeDef* node : switches) open.insert(node->name());
  for (tf::NodeDef& node : *graph_.mutable_node()) {
    for (std::string& input : *node.mutable_input()) {
      const InputReference at = ParseInput(input);
      if (at.control || at.output != 1) continue;
      if (open.contains(at.node)) {
        input = std::string(at.node);
      } else if (raised.contains(at.node)) {
        input = std::string(Find(at.node)->input(0));
      }
    }
  }
  for (tf::NodeDef* node : switches) {
    node->set_op("Identity");
    const std::string data = node->input_size() > 0 ? node->input(0) : "";
    node->clear_input();
    node->add_input(data);
  }
  return {};
}

//-------------------------------------------------------------------- loops

std::vector<tf::NodeDef*> ControlFlowRaiser::ReadersOf(
    const tf::NodeDef& node, std::string_view op) const {
  std::vector<tf::NodeDef*> found;
  const auto readers = readers_.find(node.name());
  if (readers == readers_.end()) return found;
  for (tf::NodeDef* reader : readers->second) {
    if (Is(*reader, op)) found.push_back(reader);
  }
  return found;
}

Result<ControlFlowRaiser::Frame> ControlFlowRaiser::ReadFrame(
    const std::string& name, const std::vector<tf::NodeDef*>& enters) {
  Frame frame;
  const auto damaged = [&](const tf::NodeDef& node, const char* what) {
    return InvalidModel(
        fmt::format("loop '{}': '{}' has no {}; the graph is damaged", name,
                    node.name(), what));
  };
  for (tf::NodeDef* enter : enters) {
    const Inputs initial = DataInputs(*enter);
    if (initial.empty()) return damaged(*enter, "input");
    const auto merges = ReadersOf(*enter, "Merge");
    if (merges.empty()) {
      frame.constants.push_back({initial[0], enter});
      continue;
    }
    Variable v;
    v.initial = initial[0];
    v.merge = merges[0];
    for (const std::string& input : DataInputs(*v.merge)) {
      const tf::NodeDef* from = Find(ParseInput(input).node);
      if (from == nullptr || !Is(*from, "NextIteration")) continue;
      const Inputs results = DataInputs(*from);
      if (!results.empty()) v.result = results[0];
    }
    const auto switches = ReadersOf(*v.merge, "Switch");
    if (switches.empty()) return damaged(*v.merge, "Switch");
    v.branch = switches[0];
    if (v.result.empty()) return damaged(*v.merge, "NextIteration");
    const auto exits = ReadersOf(*v.branch, "Exit");
    if (!exits.empty()) v.exit = exits[0];
    const Inputs chosen = DataInputs(*v.branch);
    const tf::NodeDef* condition =
        chosen.size() < 2 ? nullptr : Find(ParseInput(chosen[1]).node);
    const Inputs tests =
        condition == nullptr ? Inputs() : DataInputs(*condition);
    if (tests.empty()) return damaged(*v.branch, "LoopCond");
    frame.test = tests[0];
    frame.variables.push_back(v);
  }
  return frame;
}

// Whether a loop that is not raised yet lies within.
bool ControlFlowRaiser::HoldsLoops(const Frame& frame) const {
  std::unordered_set<std::string_view> seen;
  Inputs open = {frame.test};
  for (const Variable& v : frame.variables) {
    open.push_back(v.result);
    seen.insert(v.merge->name());
    seen.insert(v.branch->name());
  }
  for (const Constant& constant : frame.constants)
    seen.insert(constant.enter->name());
  while (!open.empty()) {
    const tf::NodeDef* node = Find(ParseInput(open.back()).node);
    open.pop_back();
    if (node == nullptr || !seen.insert(node->name()).second) continue;
    if (Is(*node, "Exit")) return true;
    for (std::string& input : DataInputs(*node))
      open.push_back(std::move(input));
  }
  return false;
}

Result<void> ControlFlowRaiser::RaiseLoop(const std::string& name,
                                          const Frame& frame) {
  Inputs initial, arguments, results;
  std::map<std::string, size_t> aliases;
  for (const Variable& v : frame.variables) {
    aliases[Full(v.branch->name(), 1)] = arguments.size();
    arguments.push_back(Full(v.merge->name(), 0));
    initial.push_back(v.initial);
    results.push_back(v.result);
  }
  for (const Constant& constant : frame.constants) {
    arguments.push_back(Full(constant.enter->name(), 0));
    results.push_back(arguments.back());
    initial.push_back(constant.initial);
  }
  const std::string loop = FreeName(name.empty() ? "while" : name + "while");
  TRY_ASSIGN(const std::string cond,
             Extract(loop + "/cond", arguments, aliases, {frame.test}));
  TRY_ASSIGN(const std::string body,
             Extract(loop + "/body", arguments, aliases, results));
  tf::NodeDef& node = *AddNode(loop, "StatelessWhile");
  for (const std::string& tensor : initial) node.add_input(tensor);
  (*node.mutable_attr())["cond"].mutable_func()->set_name(cond);
  (*node.mutable_attr())["body"].mutable_func()->set_name(body);
  for (size_t i = 0; i < frame.variables.size(); ++i) {
    tf::NodeDef* exit = frame.variables[i].exit;
    if (exit == nullptr) continue;
    exit->set_op("Identity");
    exit->clear_input();
    exit->add_input(Full(loop, static_cast<int>(i)));
  }
  return {};
}

// Innermost first.
Result<void> ControlFlowRaiser::RaiseLoops() {
  std::map<std::string, std::vector<tf::NodeDef*>> enters;
  for (tf::NodeDef& node : *graph_.mutable_node()) {
    for (const std::string& input : node.input()) {
      if (const tf::NodeDef* from = Find(ParseInput(input).node))
        readers_[from->name()].push_back(&node);
    }
    if (!Is(node, "Enter")) continue;
    const auto frame = node.attr().find("frame_name");
    enters[frame == node.attr().end() ? "" : frame->second.s()].push_back(
        &node);
  }
  std::map<std::string, Frame> frames;
  for (const auto& [name, own] : enters) {
    TRY_ASSIGN(Frame frame, ReadFrame(name, own));
    if (!frame.variables.empty()) frames.emplace(name, std::move(frame));
  }
  while (!frames.empty()) {
    const auto inner = std::ranges::find_if(
        frames, [&](const auto& row) { return !HoldsLoops(row.second); });
    if (inner == frames.end()) {
      return InvalidModel(
          fmt::format("loop '{}' runs through itself; the graph is damaged",
                      frames.begin()->first));
    }
    TRY(RaiseLoop(inner->first, inner->second));
    frames.erase(inner);
  }
  return {};
}

}  // namespace

Result<void> RaiseControlFlow(tf::GraphDef& graph) {
  const auto is_v1 = [](const tf::NodeDef& node) {
    return Is(node, "Merge") || Is(node, "Switch") || Is(node, "Enter");
  };
  RaiseTensorArrays(graph);
  if (std::ranges::none_of(graph.node(), is_v1)) return {};
  return ControlFlowRaiser(graph).Run();
}

}  // namespace liteforge
