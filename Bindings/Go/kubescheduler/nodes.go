package kubescheduler

import (
	"fmt"
	"slices"

	"berth"
)

type mirroredNode struct {
	*Node
	id          berth.NodeID
	record      berth.Node
	allocatable []int64 // by column
	equipment
	holders map[string]*holder // by UID: pods that ask for GPUs
}

func (m *mirror) domain(node *Node) (berth.DomainID, error) {
	zone, there := node.Labels[zoneKey]
	if there && zone == "" {
		return 0, fmt.Errorf("node %s: an empty %s cannot be told from none", node.Name, zoneKey)
	}
	if id, there := m.domains[zone]; there {
		return id, nil
	}
	id, err := m.engine.AddDomain(berth.RootDomain, zone)
	if err == nil {
		m.domains[zone] = id
	}
	return id, err
}

// describe gives a node in the engine's words. A failure leaves the mirror in step.
func (m *mirror) describe(node *Node) (record berth.Node, err error) {
	if record.Domain, err = m.domain(node); err != nil {
		return record, err
	}
	// Labels that nobody asks for would only keep apart nodes that are alike: some clouds give each node its own.
	labels := map[string]string{}
	for key := range m.keys {
		value, there := node.Labels[key]
		if there && (key != hostnameKey || value != node.Name) {
			labels[key] = value
		}
	}
	if record.Labels, err = m.engine.InternLabels(labels); err != nil {
		return record, fmt.Errorf("node %s: %w", node.Name, err)
	}
	if record.Taints, err = m.engine.InternTaints(node.Taints); err != nil {
		return record, fmt.Errorf("node %s: %w", node.Name, err)
	}
	if m.images {
		if record.Images, err = m.engine.InternImages(distinct(node.Images)); err != nil {
			return record, fmt.Errorf("node %s: %w", node.Name, err)
		}
	}
	if node.Unschedulable {
		record.Flags |= berth.Cordoned
	}
	if _, there := node.Labels[hostnameKey]; !there {
		record.Flags |= berth.NoHostname
	}
	return record, nil
}

// distinct leaves out names that a node reports twice, as container runtimes do with "<none>:<none>".
func distinct(images []berth.Image) []berth.Image {
	seen := make(map[string]struct{}, len(images))
	var list []berth.Image
	for _, image := range images {
		if _, again := seen[image.Name]; !again && image.Name != "" {
			seen[image.Name] = struct{}{}
			list = append(list, image)
		}
	}
	return list
}

// quantities are what is allocatable on a node, by column. All its resources are columns.
func (m *mirror) quantities(node *Node) []int64 {
	row := make([]int64, len(m.columns))
	set := func(name string, quantity int64) {
		if id, there := m.resources[name]; there {
			row[slices.Index(m.columns, id)] = quantity
		}
	}
	for name, quantity := range node.Allocatable {
		set(name, quantity)
		if counted := m.counted[name]; counted != "" {
			set(counted, quantity)
		}
	}
	return row
}

// batch describes nodes for the engine. A failure leaves the mirror in step.
func (m *mirror) batch(nodes []*Node) (batch berth.Nodes, rows [][]int64, err error) {
	for _, node := range nodes {
		for _, name := range sortedKeys(node.Allocatable) {
			if _, err = m.resource(name); err != nil {
				return batch, nil, fmt.Errorf("node %s: %w", node.Name, err)
			}
		}
	}
	batch.Resources = m.columns
	for _, node := range nodes {
		record, err := m.describe(node)
		if err != nil {
			return batch, nil, err
		}
		row := m.quantities(node)
		batch.Nodes = append(batch.Nodes, record)
		batch.Allocatable = append(batch.Allocatable, row...)
		rows = append(rows, row)
	}
	return batch, rows, nil
}

// addNodes adds nodes that are not there yet.
func (m *mirror) addNodes(nodes []*Node) error {
	batch, rows, err := m.batch(nodes)
	if err != nil {
		return err
	}
	for _, node := range nodes {
		batch.Names = append(batch.Names, node.Name)
	}
	ids, err := m.engine.AddNodes(batch)
	if err != nil {
		return err
	}
	for i, node := range nodes {
		added := &mirroredNode{Node: node, id: ids[i], record: batch.Nodes[i], allocatable: rows[i], holders: map[string]*holder{}}
		m.nodes[node.Name], m.names[ids[i]] = added, node.Name
		if err := m.equip(added); err != nil {
			return err
		}
	}
	return nil
}

// updateNodes replaces nodes that are there, except where nothing that counts has changed: a kubelet reports every few
// minutes. A failure leaves the mirror in step with what the nodes were before.
func (m *mirror) updateNodes(nodes []*Node) error {
	batch, rows, err := m.batch(nodes)
	if err != nil {
		return err
	}
	changed := berth.Nodes{Resources: batch.Resources}
	var ids []berth.NodeID
	for i, node := range nodes {
		there := m.nodes[node.Name]
		if there.record != batch.Nodes[i] || !equal(there.allocatable, rows[i]) {
			ids = append(ids, there.id)
			changed.Nodes = append(changed.Nodes, batch.Nodes[i])
			changed.Allocatable = append(changed.Allocatable, rows[i]...)
		}
	}
	if len(ids) > 0 {
		if err := m.engine.UpdateNodes(ids, changed); err != nil {
			return err
		}
	}
	for i, node := range nodes {
		there := m.nodes[node.Name]
		there.Node, there.record, there.allocatable = node, batch.Nodes[i], rows[i]
		if err := m.equip(there); err != nil {
			return err
		}
	}
	return nil
}

// equal says whether rows say the same: columns that came later are 0 in an older row.
func equal(old, new []int64) bool {
	for _, quantity := range new[len(old):] {
		if quantity != 0 {
			return false
		}
	}
	return slices.Equal(old, new[:len(old)])
}

func (m *mirror) setNode(node *Node) error {
	if m.nodes[node.Name] == nil {
		return m.addNodes([]*Node{node})
	}
	return m.updateNodes([]*Node{node})
}

func (m *mirror) deleteNode(name string, pods []*runningPod) error {
	node := m.nodes[name]
	if node == nil {
		return nil
	}
	if err := m.engine.RemoveNodes([]berth.NodeID{node.id}); err != nil {
		return err
	}
	if node.machine != nil {
		if m.equipped[node.machine]--; m.equipped[node.machine] == 0 {
			delete(m.equipped, node.machine)
		}
	}
	delete(m.unclear, name)
	delete(m.nodes, name)
	delete(m.names, node.id)
	for _, pod := range pods {
		if err := m.deletePod(pod.UID); err != nil {
			return err
		}
	}
	return nil
}
