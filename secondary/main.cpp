// holdfast-secondary: the instance program with the secondary's rules.
#include "instance/run.hpp"
#include "secondary/role.hpp"

int main(int argc, char** argv) {
    using namespace holdfast;
    return instance::run_main(argc, argv, instance::Part::kSecondary, secondary::make_role);
}
