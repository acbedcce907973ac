package berth

import (
	"errors"
	"slices"
	"testing"
)

func TestReservationsAreForTheirOwner(t *testing.T) {
	engine, nodes, class := small(t)
	defer engine.Close()
	cpu := []ResourceID{0}
	ids, err := engine.Reserve(Reservation{
		Owner: Owner{ID: 7, Kind: OwnerGang}, ExpiryMS: 100, Scope: ScopeNode, Node: nodes[1],
		Quantities: map[ResourceID]int64{0: 3000},
	})
	if err != nil {
		t.Fatal(err)
	}
	id := ids[0]
	dry, err := engine.DryRunAs([]ClassID{class}, []PodIdentity{{Queue: 7}})
	if err != nil || dry[0].Pod != NoPod {
		t.Errorf("a dry run gives %+v, %v", dry, err)
	}
	mine, err := engine.PlaceAs([]ClassID{class}, []PodIdentity{{Pod: 1, Gang: 7}})
	if err != nil || mine[0].Node != nodes[1] {
		t.Fatalf("the gang's pod is placed as %+v, %v", mine, err)
	}
	uses, err := engine.PodReservations(mine[0].Pod)
	if err != nil || !slices.Equal(uses, []ReservationUse{{Reservation: id, Quantity: 1000, Resource: 0}}) {
		t.Errorf("the gang's pod took %+v, %v", uses, err)
	}
	states, held, left, err := engine.ReadReservations(ids, cpu)
	want := ReservationState{id, Owner{ID: 7, Kind: OwnerGang}, nodes[1], 100, 1}
	if err != nil || states[0] != want || held[0] != 3000 || left[0] != 2000 {
		t.Errorf("the reservation is %+v, holds %v, has left %v, %v", states, held, left, err)
	}
	for quantity, status := range map[int64]Status{500: BadArgument, 5000: NoRoom} {
		err := engine.ResizeReservation(id, map[ResourceID]int64{0: quantity})
		if !errors.Is(err, status) {
			t.Errorf("resizing to %d gives %v, want %v", quantity, err, status)
		}
	}
	if err := errors.Join(
		engine.ResizeReservation(id, map[ResourceID]int64{0: 2000}),
		engine.HandOverReservation(id, Owner{ID: 3, Kind: OwnerQueue}),
		engine.SetReservationExpiry(id, Never),
		engine.SetTime(100),
	); err != nil {
		t.Fatal(err)
	}
	bound, err := engine.BindAs([]ClassID{class}, []PodIdentity{{Queue: 3}}, nodes[1:])
	if err != nil {
		t.Fatal(err)
	}
	if uses, err := engine.PodReservations(bound[0]); err != nil || len(uses) != 1 || uses[0].Quantity != 1000 {
		t.Errorf("the queue's pod took %+v, %v", uses, err)
	}
	if list, err := engine.ListReservations(0, 10); err != nil || !slices.Equal(list, ids) {
		t.Errorf("there are %v, %v", list, err)
	}
	if err := errors.Join(engine.SetReservationExpiry(id, 200), engine.SetTime(200)); err != nil {
		t.Fatal(err)
	}
	if list, err := engine.ListReservations(0, 10); err != nil || len(list) != 0 {
		t.Errorf("after its expiry there are %v, %v", list, err)
	}
	if err := engine.RemoveReservations(id); !errors.Is(err, StaleID) {
		t.Errorf("removing what lapsed gives %v", err)
	}
	if err := engine.Validate(); err != nil {
		t.Error(err)
	}
}

func TestReservationsAreMadeAllOrNone(t *testing.T) {
	engine, nodes, class := small(t)
	defer engine.Close()
	owner := Owner{ID: 1, Kind: OwnerPod}
	domain := Reservation{Owner: owner, ExpiryMS: Never, Scope: ScopeDomain, Domain: RootDomain, Class: class}
	if _, err := engine.Reserve(slices.Repeat([]Reservation{domain}, 9)...); !errors.Is(err, NoRoom) {
		t.Errorf("nine reservations where eight have room give %v", err)
	}
	ids, err := engine.Reserve(slices.Repeat([]Reservation{domain}, 8)...)
	if err != nil || len(ids) != 8 {
		t.Fatal(ids, err)
	}
	if info, err := engine.Info(); err != nil || info.Reservations != 8 {
		t.Errorf("%+v, %v", info, err)
	}
	if placement := place(t, engine, class)[0]; placement.Outcome != NoFit {
		t.Errorf("everything is held, and a pod is placed: %+v", placement)
	}
	if err := engine.RemoveReservations(ids...); err != nil {
		t.Fatal(err)
	}

	node := Reservation{Owner: owner, ExpiryMS: Never, Scope: ScopeNode, Node: nodes[0]}
	with := func(change func(*Reservation)) error {
		changed := node
		change(&changed)
		_, err := engine.Reserve(changed)
		return err
	}
	_, unequal := engine.PlaceAs([]ClassID{class}, nil)
	_, nowhere := engine.BindAs([]ClassID{class}, make([]PodIdentity, 1), nil)
	_, negative := engine.ListReservations(-1, 0)
	_, unknown := engine.PodReservations(NoPod)
	for _, c := range []struct {
		name string
		err  error
		want Status
	}{
		{"no expiry", with(func(r *Reservation) { r.ExpiryMS = 0 }), BadArgument},
		{"no scope", with(func(r *Reservation) { r.Scope = 0 }), BadArgument},
		{"no owner", with(func(r *Reservation) { r.Owner = Owner{} }), BadArgument},
		{"no node", with(func(r *Reservation) { r.Node = NoNode }), UnknownID},
		{"more than the node", with(func(r *Reservation) { r.Quantities = map[ResourceID]int64{0: 5000} }), NoRoom},
		{"negative", with(func(r *Reservation) { r.Quantities = map[ResourceID]int64{0: -1} }), BadQuantity},
		{"unequal columns", unequal, BadArgument},
		{"pods without nodes", nowhere, BadArgument},
		{"negative offset", negative, BadArgument},
		{"no such pod", unknown, UnknownID},
	} {
		if !errors.Is(c.err, c.want) {
			t.Errorf("%s: got %v, want %v", c.name, c.err, c.want)
		}
	}
}

func TestRankingsSeeReservedPlaces(t *testing.T) {
	engine, nodes, class := small(t)
	defer engine.Close()
	if _, err := engine.Reserve(Reservation{
		Owner: Owner{ID: 1, Kind: OwnerPod}, ExpiryMS: Never, Scope: ScopeNode, Node: nodes[1],
		Quantities: map[ResourceID]int64{0: 1000},
	}); err != nil {
		t.Fatal(err)
	}
	sour := errors.New("sour")
	if err := engine.SetRerank(Rerank{Rank: func(batch *RerankBatch) error {
		if candidates := batch.Candidates(0); len(candidates) != 1 || candidates[0].Node != nodes[1] {
			t.Errorf("the owner's candidates are %v", candidates)
		}
		return sour
	}}); err != nil {
		t.Fatal(err)
	}
	if _, err := engine.PlaceAs([]ClassID{class}, []PodIdentity{{Pod: 1}}); !errors.Is(err, sour) {
		t.Errorf("the ranking's error is not in %v", err)
	}
}
