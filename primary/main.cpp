// holdfast-primary: the instance program with the primary's rules.
#include "instance/run.hpp"
#include "primary/role.hpp"

int main(int argc, char** argv) {
    using namespace holdfast;
    return instance::run_main(argc, argv, instance::Part::kPrimary, primary::make_role);
}
