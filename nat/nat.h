// Network address translation as a stage of the pipeline, in three steps around the router's:
//   look_up()  before routes are looked up: packets of known flows get the addresses they go on
//   with begin()    for the first packet of a flow: where is it to go really (publish, hairpin)?
//   open()     once its way is known: may it, as whom, and the connection that all further packets
//              of the flow will find
// And untranslate(): a packet that was lost on its way is made what it was, so that the error is
// about the packet that its sender knows.
//
// Theory of operation. Every decision is made once, in open(), and becomes a connection with two
// tuples (nat/connection_table). Which direction a packet belongs to is which tuple it has; what it
// becomes is the other one reversed. Source and destination are both rewritten before routing:
// the router checks the source that came in before that, and looks up the destination after it.
// An ICMP error belongs to the flow of the packet that it quotes. Packets of a flow to a published
// port are marked as such (Packet::published).
//
// Kind "mine": one a worker. Fragments have been put together before (NG-5).
#pragma once
#include <array>
#include <span>

#include "core/batch.h"
#include "core/time.h"
#include "core/verdict.h"
#include "nat/datagram_ids.h"
#include "nat/flow_tuple.h"
#include "nat/policy.h"

namespace uswitch {

class Nat {
 public:
  // The packets for the router of one batch; those whose verdict is to_router and that are IP.
  // Translates what belongs to a known connection; a packet that is no part of one it claims to
  // belong to is dropped.
  void look_up(const Translation& nat, std::span<Packet* const> packets,
               std::span<Verdict> verdicts, Time now);

  // Of the `index`th packet: it belongs to no connection, and going from one network to the other
  // (no_network: to the router itself) it must.
  bool must_open(const Translation& nat, size_t index, NetworkId in, NetworkId out) const;

  // Of all such packets of a batch, before begin() and open() of the first: ask for the memory that
  // those will most likely need, prepare() for that of expect() first.
  void prepare(const Translation& nat, size_t index, NetworkId out);
  void expect(const Translation& nat, size_t index);

  // Where the first packet of a flow is sent.
  struct Opening {
    Tuple tuple;            // as it came
    IpAddress destination;  // as it goes on
    uint16_t port = 0;
    const Publish* publish = nullptr;
    PortMap::Lease lease;  // of the mapping it came to: it goes to who has that
    Reason refused = Reason::none;
    bool moved() const { return publish != nullptr || lease; }
  };
  Opening begin(const Translation& nat, size_t index, NetworkId in, Time now) const;
  // The packet came from network `in` and, with the opening's destination, goes out to `out`
  // (no_network: to the router itself). to_router: it may, and has been translated; or a drop.
  Verdict open(const Translation& nat, const Opening& opening, Packet& packet, size_t index,
               NetworkId in, NetworkId out, Time now);

  // What look_up(), and for the first packet of a flow begin() and open(), would make of a packet,
  // for who only wants to know: no table changes. Any thread; nat/foresee.cpp.
  struct Foresight {
    enum class Kind : uint8_t {
      no_flow,     // belongs to no flow that could be translated
      first,       // of its flow, or about none that is known
      connection,  // belongs to one, or is an ICMP error about one: `found`
      opened,      // first, and makes a connection: `from` becomes `to`
    };
    Kind kind = Kind::no_flow;
    Verdict verdict = Verdict::next();  // next, or a drop
    std::optional<Found> found;
    Tuple from, to;
    bool drawn = false;                      // the source port of `to` is none yet
    bool published = false;                  // it is the one that leads to the source
    const Masquerade* masquerade = nullptr;  // of what is opened
  };
  // The packet is translated. `first`: foresee_open() is to follow if is_watched().
  static Foresight foresee(const Translation& nat, Packet& packet, Time now);
  static Opening foresee_begin(const Translation& nat, const Packet& packet, NetworkId in,
                               Time now);
  static Foresight foresee_open(const Translation& nat, const Opening& opening, Packet& packet,
                                NetworkId in, NetworkId out, Time now);
  // Whether one that is the first of its flow must be opened.
  static bool is_watched(const Translation& nat, NetworkId in, NetworkId out) {
    return out == no_network || nat.networks[in].tracked || nat.networks[out].tracked;
  }

  // Makes a packet that look_up() or open() may have translated what it was, if they did. Of any
  // turn.
  static void untranslate(const Translation& nat, Packet& packet, Time now);

 private:
  struct Flow {
    FlowFields fields;
    ConnectionTable::Key key;
    bool has_key = false;
    bool known = false;  // belongs to a connection, or is about one
    // The entry that will most likely give it its source.
    const Masquerade* masquerade = nullptr;
  };

  struct Source {
    TransportAddress end;
    MappingId mapping = no_mapping;
    uint16_t tag = 0;  // of the entry whose published port it is
  };

  static void find_key(const Translation& nat, const Packet& packet, Flow& flow);
  Verdict follow(const Translation& nat, Packet& packet, Flow& flow, Time now);
  Verdict follow_error(const Translation& nat, Packet& packet, Flow& flow, Time now);
  void translate(const Translation& nat, Packet& packet, const Tuple& from, const Tuple& to);
  static std::optional<Found> translate_quote(const Translation& nat, Packet& packet, Time now);
  template <class Find>
  static Opening begin_with(const Translation& nat, const FlowFields& fields, NetworkId in,
                            Time now, Find find);
  static bool is_hairpin(const Translation& nat, const Opening& opening, NetworkId in,
                         NetworkId out);
  static const Masquerade* masquerade_of(const Translation& nat, const Opening& opening,
                                         NetworkId in, NetworkId out);
  template <class Acquire>
  static std::optional<Source> source_with(const Translation& nat, const Opening& opening,
                                           NetworkId in, NetworkId out, Acquire acquire);
  std::optional<Source> source_of(const Translation& nat, const Opening& opening, size_t index,
                                  NetworkId in, NetworkId out, Time now);
  static std::optional<Reason> judge_alone(const Translation& nat, const Opening& opening,
                                           const FlowFields& fields, NetworkId in, NetworkId out);
  static std::optional<Reason> judge_stray(const Translation& nat, const Opening& opening,
                                           const FlowFields& fields, NetworkId in, NetworkId out);
  Verdict insert(const Translation& nat, const Tuple& tuple, const NewConnection& made,
                 Packet& packet, Flow& flow, Time now);
  static void close(const Translation& nat, const Opening& opening);

  std::array<Flow, Batch::limit> flows_;
  // Of those that have a masquerade. Their answers' keys are kept for their prefetch alone: of one
  // that nobody can read, compilers leave out both.
  std::array<PortMap::Request, Batch::limit> requests_;
  std::array<ConnectionTable::Key, Batch::limit> answers_;
  DatagramIds ids_;
};

}  // namespace uswitch
