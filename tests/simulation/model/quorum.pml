// The quorum as Spin sees it: verdict, generation, adoption, rejoin and stale memories for one validator. check.py beside this
// file runs it; docs/quorum-model.md says what it shows.
//
// Two instances believe to be on duty. The old one (generation 1) proposes message OLD for every target, the successor
// (generation 2) proposes OWN, or what it adopts. OWN has an older source, so that OWN for a target surrounds OLD for a lower one.
// Any request and any answer may be late or lost; members lose their disks and rejoin; one is put back to an old backup.
//   -DN=4 -DQ=3      members and quorum
//   -DLOSSES=2       disks lost, one after another or at once
//   -DRESTORES=1     an old backup comes back at member 0
//   -DLATE           requests may outlive the wait before a rejoin; then all messages have one source
//   -DNO_...         takes a rule out
#ifndef N
#define N 3
#endif
#ifndef Q
#define Q 2
#endif
#ifndef LOSSES
#define LOSSES 0
#endif
#ifndef RESTORES
#define RESTORES 0
#endif

#define TARGETS 2 // 1 and 2; with the clock at `now`, up to now + 1 may be voted
#define NONE 0
#define OLD 1
#define OWN 2
#define UNKNOWN 3 // the record of a target for which two messages were merged: equal to nothing

#define REJOIN_NEEDS (N - Q + 1)
#define START_NEEDS (N - Q + 1 < Q - 1 -> N - Q + 1 : Q - 1)
#define bit_of(p) (1 << (p))
#define on_list(list, p) (((list) >> (p)) & 1)
#define size(list) (((list) & 1) + (((list) >> 1) & 1) + (((list) >> 2) & 1) + (((list) >> 3) & 1))

#ifdef LATE
#define source_of(message) 1
#else
#define source_of(message) ((message) == OLD -> 1 : 0)
#endif

typedef Member {
    byte target; // of the last vote
    byte source;
    byte message;
    byte generation;
    byte floor;
    bit lost;     // no memory, does not answer
    bit starting; // waits for its peers' word on how far they have seen it
    bit stale
};
Member member[N];

typedef Round { // one message of one instance for one target
    byte yes;   // members whose yes has arrived
    bit begun;
    bit late    // begun after a quorum had promised the higher generation
};
Round old[TARGETS + 1];
Round own[TARGETS + 1];

bit quorum_for_old[TARGETS + 1]; // has OLD ever had its quorum for this target?
bit quorum_for_own[TARGETS + 1];

byte now;
byte promised; // members whose promise of generation 2 the successor holds
bit on_duty;
byte read[TARGETS + 1]; // members whose records the successor has read for adoption
byte holds_old[TARGETS + 1];
byte holds_other[TARGETS + 1];
bit over[TARGETS + 1]; // one of them has gone on to a later target
byte adopted[TARGETS + 1];

byte losses;
byte restores;
bit backed_up;
Member backup; // of member 0
byte seen;     // members that have seen member 0 beyond its backup
byte heard;    // by member 0 since it was restored
bit moved;     // member 0 has written since its backup

// Scratch: zero between steps.
byte p, t, r, usable;
bit yes_said;

#define answers(p) (!member[p].lost && !member[p].stale && !member[p].starting)
#define rejoining(p) (member[p].floor > 0 && member[p].floor >= now)

inline wrote(p) {
    if
    :: p == 0 && backed_up -> moved = 1
    :: else
    fi
}

// The verdict of member p on (generation, t, message), recorded before anybody hears of it.
inline vote(p, gen, t, msg) {
    yes_said = 0;
    if
#ifndef NO_FENCE
    :: gen < member[p].generation
#endif
#ifndef NO_FLOOR
    :: member[p].floor > 0 && t <= member[p].floor
#endif
    :: else ->
        if
        :: gen > member[p].generation -> member[p].generation = gen; wrote(p)
        :: else
        fi;
        if
        :: member[p].target == t && member[p].message == msg && member[p].source == source_of(msg) -> yes_said = 1
#ifndef NO_OTHER_VOTE
        :: member[p].target == t && member[p].message != NONE && member[p].message != msg
#else
        :: 0
#endif
#ifndef NO_TARGET_BELOW
        :: member[p].target > t
#endif
#ifndef NO_SOURCE_BELOW
        :: member[p].target != t && member[p].source > source_of(msg)
#endif
        :: else ->
            member[p].target = t;
            member[p].source = source_of(msg);
            member[p].message = msg;
            wrote(p);
            yes_said = 1
        fi
    fi
}

inline count(round, p, msg, t) {
    if :: yes_said -> round.yes = round.yes | bit_of(p) :: else fi;
    yes_said = 0;
    if
    :: size(round.yes) >= Q && msg == OLD -> quorum_for_old[t] = 1
    :: size(round.yes) >= Q && msg == OWN -> quorum_for_own[t] = 1
    :: else
    fi;
#ifndef NO_FENCING_CHECK
    assert(!(size(round.yes) >= Q && round.late));
#endif
    assert(!(quorum_for_old[1] && quorum_for_own[1])); // double votes
    assert(!(quorum_for_old[2] && quorum_for_own[2]));
    assert(!(quorum_for_old[1] && quorum_for_own[2]) || source_of(OWN) == source_of(OLD)) // surround
}

inline pick_member() {
    if
    :: p = 0
    :: p = 1
#if N > 2
    :: p = 2
#endif
#if N > 3
    :: p = 3
#endif
    fi
}

inline pick_target() {
    if
    :: t = 1
    :: now >= 1 -> t = 2
    fi
}

// What p takes over from r.
inline merge(p, r) {
    if
    :: member[r].generation > member[p].generation -> member[p].generation = member[r].generation
    :: else
    fi;
    if
    :: member[r].target > member[p].target -> // the higher source without the message it belongs to is an unknown one
        member[p].message = (member[p].source > member[r].source -> UNKNOWN : member[r].message);
        member[p].target = member[r].target
    :: member[r].target == member[p].target && member[r].message != member[p].message -> member[p].message = UNKNOWN
    :: member[r].target < member[p].target && member[r].source > member[p].source -> member[p].message = UNKNOWN
    :: else
    fi;
    member[p].source = (member[r].source > member[p].source -> member[r].source : member[p].source)
}

#ifdef NO_IGNORE_REJOINING
#define is_usable(q) ((q) != p && answers(q))
#else
#define is_usable(q) ((q) != p && answers(q) && !rejoining(q))
#endif
#if N > 3
#define usable_others (is_usable(0) + is_usable(1) + is_usable(2) + is_usable(3))
#else
#define usable_others (is_usable(0) + is_usable(1) + is_usable(2))
#endif

#ifdef NO_READS_ENOUGH
#define NEEDED 1
#else
#define NEEDED REJOIN_NEEDS
#endif

// Leaves out some usable members, as long as enough are left.
inline read_others(p) {
    usable = usable_others;
    r = 0;
    do
    :: r < N ->
        if
        :: !is_usable(r)
        :: is_usable(r) ->
            if
            :: merge(p, r)
#ifdef NO_TAKES_HIGHEST
               ; r = N - 1 // the first answer only
#endif
            :: usable > NEEDED -> usable--
            fi
        fi;
        r++
    :: else -> break
    od;
    r = 0; usable = 0
}

// A client forgets the yes of a memory that is lost: its requests are over before the others are read.
inline forget(p) {
#if !defined(LATE) && !defined(NO_WAIT)
    t = 1;
    do
    :: t <= TARGETS ->
        if :: size(old[t].yes) < Q -> old[t].yes = old[t].yes & ~bit_of(p) :: else fi;
        if :: size(own[t].yes) < Q -> own[t].yes = own[t].yes & ~bit_of(p) :: else fi;
        t++
    :: else -> break
    od;
    if :: !on_duty -> promised = promised & ~bit_of(p) :: else fi;
    t = 0
#else
    true
#endif
}

inline make_empty(p) {
    member[p].target = 0; member[p].source = 0; member[p].message = NONE;
    member[p].generation = 0; member[p].floor = 0;
    member[p].starting = 0; member[p].stale = 0
}

#ifdef NO_ADOPTION_READS_QUORUM
#define ADOPTION_NEEDS 1
#else
#define ADOPTION_NEEDS Q
#endif
#define would(q, t) (member[q].target != (t) || member[q].message == OLD)
#if N > 3
#define can_say_yes(t) (would(0, t) + would(1, t) + would(2, t) + would(3, t))
#else
#define can_say_yes(t) (would(0, t) + would(1, t) + would(2, t))
#endif

// What the successor must sign for target t, when it has read enough.
inline adopt(t) {
    if
    :: size(read[t]) >= ADOPTION_NEEDS && adopted[t] == NONE ->
#ifdef NO_ADOPTION
        adopted[t] = OWN;
#else
        if
        :: over[t] -> adopted[t] = UNKNOWN
        :: !over[t] && holds_old[t] == 0 && holds_other[t] == 0 -> adopted[t] = OWN
        :: !over[t] && holds_old[t] > 0 && N - holds_other[t] >= Q -> adopted[t] = OLD
        :: else -> adopted[t] = UNKNOWN // lost for this target: not voted
        fi;
#endif
        assert(!quorum_for_old[t] || adopted[t] == OLD || over[t] || losses + restores > 0);
        // Healed, those that hold nothing else complete the quorum.
        assert(adopted[t] != OLD || !quorum_for_old[t] || can_say_yes(t) >= Q || losses + restores > 0)
    :: else
    fi
}
#ifdef NO_PROMISE_BEFORE_READING
#define has_promised(p) 1
#else
#define has_promised(p) (member[p].generation >= 2)
#endif

// Every peer has seen member 0 beyond its backup.
#ifdef RESTORE_UNSEEN
#define old_enough true
#else
#define old_enough (size(seen) == N - 1)
#endif

active proctype world() {
    atomic {
        do :: p < N -> member[p].generation = 1; p++ :: else -> p = 0; break od
    };
    do
    :: atomic { now < TARGETS - 1 -> now++ }

    // The old instance.
    :: atomic { !old[1].begun || (now >= 1 && !old[2].begun) ->
        pick_target();
        if
        :: !old[t].begun -> old[t].begun = 1; old[t].late = (size(promised) >= Q)
        :: else
        fi;
        t = 0 }
    :: atomic { old[1].begun || old[2].begun ->
        pick_target(); pick_member();
        if
        :: old[t].begun && answers(p) -> vote(p, 1, t, OLD); count(old[t], p, OLD, t)
        :: else
        fi;
        p = 0; t = 0 }

    // The successor: acquires, reads, proposes.
    :: atomic { !on_duty ->
        pick_member();
        if
        :: answers(p) ->
            if :: member[p].generation < 2 -> member[p].generation = 2; wrote(p) :: else fi;
            promised = promised | bit_of(p);
            if :: size(promised) >= Q -> on_duty = 1 :: else fi
        :: else
        fi;
        p = 0 }
    :: atomic { on_duty && (adopted[1] == NONE || (now >= 1 && adopted[2] == NONE)) ->
        pick_target(); pick_member();
        if
        :: adopted[t] == NONE && answers(p) && has_promised(p) && !on_list(read[t], p) ->
            read[t] = read[t] | bit_of(p);
            if
            :: member[p].target == t && member[p].message == OLD -> holds_old[t]++
            :: member[p].target == t && member[p].message != OLD -> holds_other[t]++
            :: member[p].target > t -> over[t] = 1
            :: else
            fi;
            adopt(t)
        :: else
        fi;
        p = 0; t = 0 }
    :: atomic { on_duty ->
        pick_target(); pick_member();
        if
        :: (adopted[t] == OLD || adopted[t] == OWN) && answers(p) ->
            vote(p, 2, t, adopted[t]); count(own[t], p, adopted[t], t)
        :: else
        fi;
        p = 0; t = 0 }

#if LOSSES > 0
    :: atomic { losses < LOSSES ->
        pick_member();
        if
        :: !member[p].lost -> make_empty(p); member[p].lost = 1; losses++
        :: else
        fi;
        p = 0 }
    :: atomic { losses > 0 ->
        pick_member();
        if
        :: member[p].lost && usable_others >= NEEDED ->
            forget(p);
            read_others(p);
            member[p].floor = now + 1;
            member[p].lost = 0
        :: else
        fi;
        p = 0 }
#endif

#if RESTORES > 0
    :: atomic { !backed_up && answers(0) ->
        backed_up = 1;
        backup.target = member[0].target; backup.source = member[0].source; backup.message = member[0].message;
        backup.generation = member[0].generation }
    // The exchange of positions, once a second.
    :: atomic { moved && restores == 0 ->
        if :: seen = seen | bit_of(1) :: seen = seen | bit_of(2)
#if N > 3
        :: seen = seen | bit_of(3)
#endif
        fi }
    :: atomic { backed_up && moved && restores < RESTORES && old_enough ->
        restores++;
        forget(0);
        member[0].target = backup.target; member[0].source = backup.source; member[0].message = backup.message;
        member[0].generation = backup.generation;
#ifndef NO_STALE
        member[0].starting = 1
#endif
        }
    :: atomic { member[0].starting ->
        if :: p = 1 :: p = 2
#if N > 3
        :: p = 3
#endif
        fi;
        heard = heard | bit_of(p);
        if
        :: on_list(seen, p) -> member[0].stale = 1; member[0].starting = 0
        :: else -> member[0].starting = !(size(heard) >= START_NEEDS)
        fi;
        p = 0 }
    // The operator moves it away.
    :: atomic { member[0].stale -> 
        p = 0;
        if
        :: usable_others >= NEEDED -> make_empty(0); read_others(0); member[0].floor = now + 1
        :: else
        fi;
        p = 0 }
#endif
    od
}
