#!/bin/bash
# Open vSwitch in userspace is the other node.
#
#   web 10.0.0.1 (tap) --- n1 192.0.2.1 === wire === far: br-phy 192.0.2.2, br-int with VNI 42 --- db 10.0.0.2 (veth)
#
# Proves VX-1, VX-7, VX-8 beside another implementation.
source "$(dirname "$0")/lib.sh"
source "$HERE/nodes.sh"
for tool in ovs-vsctl ovs-vswitchd ovsdb-server ovsdb-tool; do
  command -v $tool >/dev/null || skip "there is no $tool (see scripts/packages-test)"
done

node n1 1
like_a_wire n1
node far 2
bare_node db
ip -n far link add to_db up type veth peer name eth0 netns db
give db eth0 10.0.0.2/24 fd00::2/64
# It passes unfinished checksums on as they are, and reads no super-segments.
ip -n db link set eth0 mtu 1450
in_ns db ethtool -K eth0 tx off >/dev/null
start_node n1 <<YAML
networks: {office: {}}
tunnels: {far: {type: vxlan, network: office, vni: 42, local: 192.0.2.1, remotes: [192.0.2.2]}}
ports: {web: {type: tap, netns: web, device: eth0, network: office, address: [10.0.0.1/24, 'fd00::1/64']}}
YAML

export OVS_RUNDIR=$WORK/ovs OVS_LOGDIR=$WORK/ovs OVS_DBDIR=$WORK/ovs OVS_SYSCONFDIR=$WORK/ovs
mkdir -p "$WORK/ovs"
ovsdb-tool create "$WORK/ovs/conf.db" /usr/share/openvswitch/vswitch.ovsschema
nsenter --net=/run/netns/far ovsdb-server "$WORK/ovs/conf.db" "--remote=punix:$WORK/ovs/db.sock" >"$WORK/ovsdb.log" 2>&1 &
wait_until 5 "ovsdb-server" test -S "$WORK/ovs/db.sock"
vsctl() { in_ns far ovs-vsctl "--db=unix:$WORK/ovs/db.sock" --timeout=10 "$@"; }
vsctl --no-wait init
nsenter --net=/run/netns/far ovs-vswitchd "unix:$WORK/ovs/db.sock" >"$WORK/vswitchd.log" 2>&1 &
mac=$(mac_of far)
ip -n far address flush dev eth0
vsctl add-br br-phy -- set bridge br-phy datapath_type=netdev "other_config:hwaddr=\"$mac\"" -- add-port br-phy eth0
give far br-phy 192.0.2.2/24
vsctl add-br br-int -- set bridge br-int datapath_type=netdev -- add-port br-int to_db \
  -- add-port br-int vx -- set interface vx type=vxlan options:remote_ip=192.0.2.1 options:key=42

step "both ways"
reached() { in_ns web ping -n -q -c 1 -W 1 10.0.0.2 >/dev/null; }
wait_until 10 "Open vSwitch forwards" reached
ping_all web 10.0.0.2; ping_all web fd00::2; ping_all db 10.0.0.1
ping_all web 10.0.0.2 3 -s 4000
iperf_server db
expect "bytes web to db" "$(iperf web 10.0.0.2 -n 4M) > 2 << 20"
expect "bytes db to web" "$(iperf web 10.0.0.2 -R -n 4M) > 2 << 20"
udp web db 10.0.0.2 -b 10M -n 200K -l 1200
same_bytes web db 10.0.0.2
expect_equal "db is behind it" "$(show fdb n1 | jq -r ".fdb[] | select(.mac == \"$(mac_of db)\") | .port")" far/192.0.2.2
for ns in web db; do
  expect_equal "wrong checksums in $ns" "$(in_ns $ns nstat -asz | awk '/InCsumErrors/ {n += $2} END {print n + 0}')" 0
done

stop_uswitch n1
